"""Several sinks as one: in a thread, complete or nothing, and a killed run goes on."""

import errno
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from vidmem.errors import ConfigError, SinkError
from vidmem.sinks import SINKS, open_sinks
from vidmem.sinks.frame_folders import MaskFolder
from vidmem.sources import open_source


def names(folder):
    return {path.name for path in folder.iterdir()}


def files_of(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_nothing_has_its_final_name_before_close(tmp_path, make_result):
    sink = open_sinks(["overlay", "masks", "jsonl"], tmp_path / "out")
    sink.write(make_result(0))
    sink.checkpoint()
    assert all(path.name.endswith(".partial") for path in (tmp_path / "out").iterdir())
    sink.close()
    assert {"overlay.mp4", "masks", "results.jsonl"} < {
        p.name for p in (tmp_path / "out").iterdir()
    }


def test_abort_leaves_nothing(tmp_path, make_result):
    out = tmp_path / "out"
    sink = open_sinks(SINKS, out)
    for index in range(3):
        sink.write(make_result(index))
    sink.checkpoint()
    sink.write(make_result(3))
    sink.abort()
    assert not out.exists()
    kept = tmp_path / "kept"
    kept.mkdir()
    open_sinks(SINKS, kept).abort()
    assert kept.is_dir() and not list(kept.iterdir())


KILLED = """
import json, os, sys
from conftest import make_result
from vidmem.sinks import open_sinks
names, out, at, upto = json.loads(sys.argv[1])
sink = open_sinks(names, out, frames_per_second=25)
for index in range(upto):
    sink.write(make_result(index))
    if index == at - 1:
        print(json.dumps(sink.checkpoint()), flush=True)
os.kill(os.getpid(), 9)
"""


def killed_run(out, names, *, at, upto):
    """A process that saves its state after ``at`` frames and is killed after ``upto``."""
    here = str(Path(__file__).parent)
    arguments = json.dumps([names, str(out), at, upto])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, arguments], capture_output=True, cwd=here, timeout=60
    )
    assert done.returncode == -9, done.stderr
    return json.loads(done.stdout)


def test_a_killed_run_goes_on_and_ends_like_one_that_was_not(tmp_path, make_result):
    names = [name for name in SINKS if name != "cutout-vp9"]
    state = killed_run(tmp_path / "a", names, at=5, upto=8)
    again = open_sinks(names, tmp_path / "a", frames_per_second=25, resume=state)
    whole = open_sinks(names, tmp_path / "b", frames_per_second=25)
    for index in range(12):
        whole.write(make_result(index))
        if index == 4:
            whole.checkpoint()
        if index >= 5:
            again.write(make_result(index))
    again.close()
    whole.close()
    files = sorted(
        p.relative_to(tmp_path / "b") for p in (tmp_path / "b").rglob("*") if p.is_file()
    )
    assert files and files == files_of(tmp_path / "a")
    for file in files:
        if file.suffix in (".mp4", ".mov"):
            first, second = (list(open_source(tmp_path / run / file)) for run in "ab")
            assert [f.seconds for f in first] == [f.seconds for f in second] and len(first) == 12
            assert all((x.image == y.image).all() for x, y in zip(first, second, strict=True))
        elif file.suffix not in (".npz", ".exr"):  # these hold the time of writing
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_without_resume_the_rest_of_a_killed_run_is_removed(tmp_path, make_result):
    killed_run(tmp_path, ["overlay", "masks"], at=2, upto=4)
    sink = open_sinks(["overlay", "masks"], tmp_path)
    sink.write(make_result(0))
    sink.close()
    assert len(list((tmp_path / "masks").iterdir())) == 1
    assert len(list(open_source(tmp_path / "overlay.mp4"))) == 1


def test_writing_happens_in_a_thread_with_a_short_queue(tmp_path, make_result, monkeypatch):
    held, threads = threading.Event(), set()

    def save(self, path, result):
        threads.add(threading.current_thread())
        assert held.wait(10)

    monkeypatch.setattr(MaskFolder, "save", save)
    sink = open_sinks(["masks"], tmp_path)
    writer = threading.Thread(target=lambda: [sink.write(make_result(i)) for i in range(8)])
    writer.start()
    writer.join(0.5)
    assert writer.is_alive(), "a full queue holds the caller"
    held.set()
    writer.join(5)
    sink.close()
    assert threading.current_thread() not in threads


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_failing_disk_is_a_sink_error_and_leaves_nothing(
    tmp_path, make_result, monkeypatch, code
):
    def fail(self, path, result):
        raise OSError(code, "the disk says no")

    monkeypatch.setattr(MaskFolder, "save", fail)
    sink = open_sinks(["masks", "jsonl"], tmp_path / "out")
    with pytest.raises(SinkError, match="the disk says no") as caught:
        for index in range(50):
            sink.write(make_result(index))
    assert ("space" in caught.value.remedy) == (code == errno.ENOSPC)
    with pytest.raises(SinkError):
        sink.close()
    sink.abort()
    assert not (tmp_path / "out").exists()


def test_what_vidmem_did_not_write_is_never_replaced(tmp_path, make_result):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "00000.png").write_text("somebody's ground truth")
    with pytest.raises(SinkError, match="not written by vidmem"):
        open_sinks(["jsonl", "masks"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["masks"]
    for _ in range(2):  # its own results are
        sink = open_sinks(["jsonl"], tmp_path)
        sink.write(make_result(0))
        sink.close()


@pytest.mark.parametrize("out", ["file/out", "/proc/vidmem"])
def test_folders_that_cannot_be_written(tmp_path, out):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SinkError) as caught:
        open_sinks(["masks", "overlay"], tmp_path / out)
    assert "--out" in caught.value.remedy


def test_an_unknown_sink_gets_a_suggestion(tmp_path):
    with pytest.raises(ConfigError, match="Try 'overlay'"):
        open_sinks(["masks", "overlai"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_frames_and_use_after_close(tmp_path, make_result):
    sink = open_sinks(SINKS, tmp_path)
    sink.close()
    assert not (tmp_path / "overlay.mp4").exists() and (tmp_path / "results.jsonl").exists()
    with pytest.raises(SinkError, match="closed"):
        sink.write(make_result(0))


def test_objects_without_labels_or_depth(tmp_path, make_result):
    sink = open_sinks(SINKS, tmp_path)
    for index in range(2):
        sink.write(make_result(index, depth=False, labels=np.zeros((48, 64), np.uint8)))
    sink.close()
    assert next(iter(open_source(tmp_path / "overlay.mp4"))).size == (48, 64)
    assert not list((tmp_path / "depth").glob("*.png"))
