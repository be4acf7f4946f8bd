"""``vidmem run`` as a user calls it: files that appear, exit codes, errors in one line."""

import json

import cv2
import numpy as np
import pytest

from vidmem.cli import main
from vidmem.testing import moving_square, truth


@pytest.fixture
def folder(tmp_path):
    """A folder of images, and a mask of the first."""
    images = tmp_path / "images"
    images.mkdir()
    frames = list(moving_square(8))
    for frame in frames:
        cv2.imwrite(str(images / f"{frame.index:05d}.png"), frame.image[..., ::-1])
    cv2.imwrite(str(tmp_path / "mask.png"), truth(frames[0]).astype(np.uint8) * 255)
    return tmp_path


def call(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


def test_a_run_writes_everything_and_one_line_of_json(folder, capfd):
    out = folder / "out"
    code = call(
        "run", folder / "images", "--out", out, "--prompt", f"1:mask={folder / 'mask.png'}",
        "--quiet", "--json",
    )  # fmt: skip
    assert code == 0
    told = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert told["frames"] == 8 and told["truncated"] is False and len(told["config_hash"]) == 12
    assert (out / "overlay.mp4").stat().st_size > 500
    assert len(list((out / "masks").glob("*.png"))) == 8
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert len(lines) == 8 and lines[0]["objects"][0]["presence"] == 1.0
    assert json.loads((out / "summary.json").read_text())["frames"] == 8
    assert not list(out.rglob("*.partial"))


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("1:box=0,0,500,500", "leaves the 96x72 frame"),
        ("1:box=5,5,5,5", "is empty"),
        ("1:point=5,5@99", "has 8 frames"),
        ("nonsense", "cannot be read"),
    ],
)
def test_a_bad_prompt_is_one_line_with_exit_code_2_and_no_results(folder, capfd, prompt, words):
    out = folder / "out"
    assert call("run", folder / "images", "--out", out, "--prompt", prompt, "--quiet") == 2
    error = capfd.readouterr().err.strip()
    assert error.startswith("error: ") and words in error and "\n" not in error
    assert not out.exists() or not list(out.rglob("*.*"))


def test_contradicting_clicks_are_refused(folder, capfd):
    code = call(
        "run", folder / "images", "--out", folder / "out", "--quiet",
        "--prompt", "1:point=20,30", "--prompt", "1:point=20,30,-",
    )  # fmt: skip
    assert code == 2 and "contradict" in capfd.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"this is no video\n" * 50])
def test_what_is_no_video_is_told(tmp_path, capfd, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    assert call("run", path, "--out", tmp_path / "out", "--quiet") == 2
    error = capfd.readouterr().err.strip()
    assert error.startswith("error: ") and str(path.name) in error and "\n" not in error


def test_an_unwritable_folder_is_told(folder, capfd):
    blocked = folder / "file"
    blocked.write_text("here is a file")
    assert call("run", folder / "images", "--out", blocked / "out", "--quiet") == 2
    assert capfd.readouterr().err.startswith("error: ")


def test_an_unknown_option_suggests_a_known_one(folder, capfd):
    code = call("run", folder / "images", "--out", folder / "o", "--memory.budgt-mb", "3")
    assert code == 2
    captured = capfd.readouterr()
    assert "--memory.budget-mb" in captured.out + captured.err
