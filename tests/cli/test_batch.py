"""``vidmem batch`` as a user calls it: exit codes, the table, one line of JSON."""

import csv
import json

import cv2
import pytest

from vidmem.cli import main
from vidmem.testing import moving_square


@pytest.fixture
def videos(tmp_path):
    """A folder of images with a prompt beside it, and a text file that is no video."""
    folder = tmp_path / "videos"
    images = folder / "square"
    images.mkdir(parents=True)
    for frame in moving_square(3):
        cv2.imwrite(str(images / f"{frame.index:05d}.png"), frame.image[..., ::-1])
    height, width = frame.size
    (folder / "square.txt").write_text(f"1:box=0,0,{width / 2},{height / 2}")
    (folder / "words [odd].mp4").write_text("this is no video\n" * 50)
    return folder


def call(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


def test_one_bad_video_fails_alone_and_a_second_call_skips_what_is_done(videos, capfd):
    out = videos.parent / "out"
    options = ("batch", videos, "--out", out, "--sinks", "masks", "--workers", "1", "--quiet")
    statuses = []
    for _ in range(2):
        assert call(*options, "--json") == 1
        told = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
        with (out / "summary.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["status"] for row in rows] == [video["status"] for video in told["videos"]]
        assert told["failed"] == 1 and "words [odd].mp4 cannot be opened" in rows[1]["error"]
        statuses.append(rows[0]["status"])
    assert statuses == ["done", "already done"]
    assert call(*options[:-1]) == 1
    assert "[odd].mp4 cannot be opened" in capfd.readouterr().err
    assert len(list((out / "square" / "masks").glob("*.png"))) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--workers", "0"), "0 workers do nothing"),
        (("--auto", "-1"), "auto is -1"),
        (("--save-every", "0"), "save-every is 0"),
    ],
)
def test_impossible_options_are_refused_before_anything_runs(videos, capfd, options, words):
    assert call("batch", videos, "--out", videos.parent / "out", *options) == 2
    assert words in capfd.readouterr().err
    assert not (videos.parent / "out").exists()


def test_a_single_video_is_told_the_other_command(videos, capfd):
    assert call("batch", videos / "words [odd].mp4", "--out", videos.parent / "out") == 2
    assert "vidmem run" in capfd.readouterr().err


def test_an_address_gets_the_results_and_the_table(videos, capfd):
    there = videos.parent / "there"
    options = ("--sinks", "masks", "--workers", "1", "--quiet")
    assert call("batch", videos, "--out", f"file://{there}", *options) == 1
    assert sorted(path.name for path in there.iterdir()) == ["square", "summary.csv"]
    assert len(list((there / "square" / "masks").glob("*.png"))) == 3
