"""What the VOT toolkit reads: masks as runs, and a workspace in which vidmem is entered."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from vidmem.training.long import LongVideo
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig

TOOL = Path(__file__).parents[2] / "tools" / "vot_workspace.py"


FRAMES = 3


@pytest.fixture(scope="module")
def tool():
    return runpy.run_path(str(TOOL))


@pytest.fixture
def main(tool, monkeypatch):
    """With a short video instead of a long one."""

    def short(seed, *, frames):
        if frames < FRAMES:
            raise RuntimeError("no long video")
        world = make_world(WorldConfig(frames=frames, height=60, width=108), seed=seed)
        return LongVideo(world, targets=(1, 2))

    monkeypatch.setitem(tool["main"].__globals__, "long_video", short)
    return tool["main"]


def read(text, shape):
    """The inverse, by hand."""
    left, top, width, height, *runs = map(int, text.removeprefix("m").split(","))
    flat = np.concatenate([np.full(run, i % 2, bool) for i, run in enumerate(runs)])
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = flat.reshape(height, width)
    return mask


def test_a_mask_is_told_as_runs_of_its_box(tool):
    mask = np.zeros((4, 6), bool)
    mask[1, 2:4] = mask[2, 3:5] = True
    assert tool["region"](mask) == "m2,1,3,2,0,2,2,2"
    assert tool["region"](np.zeros((4, 6), bool)) == "m0,0,0,0,0"
    random = np.random.default_rng(0)
    for share in (0.01, 0.3, 0.9):
        noise = random.random((9, 7)) < share
        if noise.any():
            assert np.array_equal(read(tool["region"](noise), noise.shape), noise)


def test_the_workspace_names_its_sequences_and_the_entry(main, tmp_path):
    out = tmp_path / "vot"
    assert main([str(out), "--seeds", "0", "7", "--frames", str(FRAMES)]) == 0
    assert (out / "sequences" / "list.txt").read_text() == "world0\nworld7\n"
    sequence = out / "sequences" / "world7"
    told = dict(line.split("=", 1) for line in (sequence / "sequence").read_text().splitlines())
    pictures = sorted(path.name for path in (sequence / "color").iterdir())
    assert pictures == [f"{i:08d}.jpg" for i in range(1, FRAMES + 1)]
    assert (told["length"], told["width"], told["height"]) == (str(FRAMES), "108", "60")
    with Image.open(sequence / "color" / pictures[0]) as picture:
        assert picture.size == (108, 60)
    world = make_world(WorldConfig(frames=FRAMES, height=60, width=108), seed=7)
    for target in (1, 2):
        lines = (sequence / f"groundtruth_{target}.txt").read_text().splitlines()
        for index, line in enumerate(lines):
            assert np.array_equal(read(line, (60, 108)), world.frame(index).labels == target)
        assert len(lines) == FRAMES
    stack = yaml.safe_load((out / "stack.yaml").read_text())
    quality = stack["experiments"]["baseline"]["analyses"][0]
    assert quality["type"] == "average_accuracy" and quality["burnin"] == 0
    command = (out / "trackers.ini").read_text().partition("command = ")[2].split()
    assert Path(command[1]).name == "vot_entry.py" and Path(command[1]).is_file()


@pytest.mark.parametrize(
    ("name", "frames", "reason"), [("", FRAMES, "is there already"), ("new", 1, "no long video")]
)
def test_what_cannot_be_written_is_told(main, tmp_path, capsys, name, frames, reason):
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / name), "--frames", str(frames)])
    assert stopped.value.code == 2 and reason in capsys.readouterr().err
