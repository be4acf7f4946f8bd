"""A local Ray cluster gives what one process gives, also when a worker is killed."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from vidmem.batch.cluster import run_on_ray
from vidmem.batch.jobs import Job
from vidmem.batch.running import run_job
from vidmem.errors import ConfigError

pytestmark = [
    pytest.mark.slow,  # Ray takes half a minute to start
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning"),
]


def job_of(clip, out):
    mask = f"1:mask={clip / 'mask.png'}"
    return Job(source=str(clip / "images"), out=out, prompts=(mask,), sinks=("masks",))


def masks_of(out):
    return {path.name: path.read_bytes() for path in (out / "masks").iterdir()}


def kill_first_slot(when):
    """Kill the process of one actor as soon as ``when`` is true."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = subprocess.run(["pgrep", "-f", "ray::Slot.run"], capture_output=True, text=True)
        if found.stdout.split() and when():
            os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
            return
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the actors with pgrep")
def test_two_workers_one_killed_give_the_same_masks(clip, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'vidmem[ray]'")
    run_job(job_of(clip, tmp_path / "whole"))
    outs = [tmp_path / str(number) for number in range(4)]

    def some_are_written():
        return any(list(out.glob("masks.partial/*.png")) for out in outs)

    killer = threading.Thread(target=kill_first_slot, args=(some_are_written,))
    killer.start()
    outcomes = dict(run_on_ray([job_of(clip, out) for out in outs], workers=2))
    killer.join(1)
    assert not killer.is_alive(), "a worker was killed"
    assert [outcomes[number].status for number in range(4)] == ["done"] * 4
    for out in outs:
        assert masks_of(out) == masks_of(tmp_path / "whole")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_cluster_that_is_not_there_is_told():
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'vidmem[ray]'")
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:1"):
        dict(run_on_ray([], address="127.0.0.1:1"))
