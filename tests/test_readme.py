"""The README's Python runs, its commands exist, and its examples are the ones in the tree."""

import re
import runpy
import shlex
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vidmem.cli import main
from vidmem.testing import check_depth_base, check_tracker, moving_square

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    with av.open(str(folder / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for frame in moving_square(4):
            image = cv2.resize(frame.image, (640, 360))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return folder


def test_the_python_blocks_run(clip, monkeypatch):
    monkeypatch.chdir(clip)
    assert len(BLOCKS) >= 2
    names: dict = {}
    for block in BLOCKS:
        exec(block, names)
    seen = names["on_image"](np.zeros((48, 64, 3), np.uint8), 0, 0.0)
    assert seen == []


def test_every_command_in_it_is_known(capsys):
    calls = [line.strip() for line in README.splitlines() if line.startswith("    vidmem ")]
    assert calls
    for call in calls:
        words = shlex.split(call.split("#")[0])[1:]
        command = words[:2] if words[0] in ("eval", "bench") else words[:1]
        with pytest.raises(SystemExit) as stopped:
            main([*command, "--help"])
        assert stopped.value.code == 0
        help_text = capsys.readouterr().out
        for word in words:
            if word.startswith("--"):
                assert word in help_text, f"{call}: {word}"


def test_the_example_tracker_passes_and_follows():
    example = runpy.run_path(str(ROOT / "examples" / "own_tracker.py"))
    assert check_tracker(example["FlowTracker"]()) > 0.5


def test_the_example_depth_passes():
    example = runpy.run_path(str(ROOT / "examples" / "own_depth.py"))
    bases = [v for v in example.values() if isinstance(v, type) and hasattr(v, "estimate")]
    bases = [base for base in bases if base.__module__ == "<run_path>"]
    check_depth_base(bases[0]())
