"""A short clip as a folder of images, its mask, and runs in processes that can be killed."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidmem.testing import moving_square, truth

FRAMES = 24
RUN = """
import os, sys
from pathlib import Path
from vidmem.batch.jobs import Job
from vidmem.batch.running import run_job
source, out, mask, kill = sys.argv[1:5]
def told(result, tally):
    if tally.frames == int(kill):
        os.kill(os.getpid(), 9)
sinks = ("masks", "jsonl", "overlay")
job = Job(
    source=source, out=Path(out), prompts=("1:mask=" + mask,), sinks=sinks, save_every=5
)
run_job(job, told=told)
"""


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A folder with ``images`` and ``mask.png``."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "images").mkdir()
    frames = list(moving_square(FRAMES))
    for frame in frames:
        cv2.imwrite(str(folder / "images" / f"{frame.index:05d}.png"), frame.image[..., ::-1])
    cv2.imwrite(str(folder / "mask.png"), truth(frames[0]).astype(np.uint8) * 255)
    return folder


@pytest.fixture
def run_process(clip):
    """``run_process(out, kill=n)`` runs the clip and kills itself after n frames; -1 is never."""

    def run(out: Path, *, kill: int = -1) -> int:
        arguments = [str(clip / "images"), str(out), str(clip / "mask.png"), str(kill)]
        command = [sys.executable, "-c", RUN, *arguments]
        return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode

    return run
