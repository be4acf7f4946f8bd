"""Data sets go on where they stopped, and say what is missing."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidmem.config import config_from
from vidmem.errors import ConfigError, SinkError, SourceError
from vidmem.evaluation.benchmarks import evaluate_set

NAMES = ["00000", "00001", "00002"]


@pytest.fixture
def evaluate(tmp_path, write, labels, echo):
    for video in ("a", "b"):
        masks = dict.fromkeys(NAMES, labels(1))
        write(f"JPEGImages/{video}", f"Annotations/{video}", NAMES, masks)

    def run(name="long-videos", **options):
        return evaluate_set(name, tmp_path, out=tmp_path / "out", make_engine=echo, **options)

    return run


def test_what_is_done_is_not_done_again_with_the_same_report(tmp_path, evaluate, echo):
    first = evaluate()
    assert echo.seen == [0, 1, 2, 0, 1, 2]
    assert evaluate() == first and len(echo.seen) == 6
    echo.config = config_from({"memory": {"policy": "fifo"}})
    evaluate()
    assert len(echo.seen) == 12, "another configuration"
    (tmp_path / "out/sequences/b.json").write_text('{"key": ')
    evaluate()
    assert len(echo.seen) == 15, "only the one whose scores are broken"


def test_a_run_that_is_stopped_keeps_what_is_done_and_nothing_that_is_not(
    tmp_path, evaluate, echo, monkeypatch
):
    def stopped(*arguments):
        raise KeyboardInterrupt

    module = "vidmem.evaluation.benchmarks.save_mask"
    evaluate()
    whole = json.loads((tmp_path / "out/report.json").read_text())
    (tmp_path / "out/sequences/b.json").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(module, stopped)
        with pytest.raises(KeyboardInterrupt):
            evaluate()
    assert not list((tmp_path / "out").rglob("*.partial"))
    assert evaluate() == whole


KILLED = """
import os, signal
from pathlib import Path
from vidmem.config import Config
from vidmem.evaluation import benchmarks
from tests.evaluation.conftest import Echo

at, calls = {at}, 0

def counted(real):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    return call

for name in ("save_mask", "write_whole"):
    setattr(benchmarks, name, counted(getattr(benchmarks, name)))
root, engine = Path({root!r}), Echo([], Config())
benchmarks.evaluate_set("long-videos", root, out=root / "out", make_engine=lambda: engine)
"""
"""A run that is killed before its ``at``-th file."""


@pytest.mark.parametrize("at", [2, 4, 8, 9])
def test_killed_at_any_file_it_goes_on_and_reports_the_same(tmp_path, evaluate, at):
    program = KILLED.format(at=at, root=str(tmp_path))
    here = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program], cwd=here, check=False)
    assert ended.returncode == -signal.SIGKILL
    killed = evaluate()
    assert not list((tmp_path / "out").rglob("*.partial"))
    masks = {path.name: path.read_bytes() for path in (tmp_path / "out/masks/b").iterdir()}
    shutil.rmtree(tmp_path / "out")
    assert evaluate() == killed and set(masks) == {f"{name}.png" for name in NAMES}
    assert masks == {p.name: p.read_bytes() for p in (tmp_path / "out/masks/b").iterdir()}


def test_masks_reports_and_tables_are_written(tmp_path, evaluate):
    report = evaluate()
    masks = sorted((tmp_path / "out/masks/a").iterdir())
    assert [path.name for path in masks] == [f"{name}.png" for name in NAMES]
    with Image.open(masks[1]) as image:
        assert image.mode == "P" and (np.asarray(image) == 1).sum() == 64
    assert json.loads((tmp_path / "out/report.json").read_text()) == report
    page = (tmp_path / "out/report.md").read_text()
    assert "# Long Video Dataset, val" in page and "| a | 1.000 | 1.000 |" in page
    assert report["config_hash"] in page


def test_masks_that_somebody_else_made_are_kept(tmp_path, evaluate):
    (tmp_path / "out/masks/a").mkdir(parents=True)
    with pytest.raises(SinkError, match="not written by vidmem"):
        evaluate()


def test_what_is_missing_is_named(evaluate):
    with pytest.raises(SourceError, match=r"no lists of DAVIS 2016 .*ImageSets/2016/val\.txt"):
        evaluate("davis2016")
    with pytest.raises(SourceError, match=r"no images of MOSE v1 \(test/JPEGImages\)"):
        evaluate("mose", split="test")


def test_a_split_that_is_not_there_is_named(evaluate):
    with pytest.raises(ConfigError, match=r"no split 'dev'.* Try val, train"):
        evaluate("lvos-v1", split="dev")


def test_a_meta_file_of_another_release_is_refused(tmp_path, write, labels, evaluate):
    write("valid/JPEGImages/a", "valid/Annotations/a", NAMES, {"00000": labels(1)})
    (tmp_path / "train").mkdir()
    for about in ({"frames": ["00099"]}, {"frames": []}, {"frame_range": {"start": 1}}):
        meta = {"videos": {"a": {"objects": {"1": about}}}}
        (tmp_path / "valid/meta.json").write_text(json.dumps(meta))
        with pytest.raises(SourceError, match="does not fit the images of a"):
            evaluate("youtube-vos-2018")
    (tmp_path / "valid/meta.json").write_text("[]")
    with pytest.raises(SourceError, match="no meta file"):
        evaluate("youtube-vos-2018")
