"""The training tool on a bare machine: no vidmem installed, few packages, killed in between."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vidmem.heads.learned_weights import read_weights

ROOT = Path(__file__).parents[2]
BARE = """
import runpy, sys
ABSENT = {"jaxtyping", "beartype", "yaml", "scipy", "av", "PIL", "tyro", "decord", "sam2"}
ABSENT |= {"huggingface_hub", "segment_anything_hq", "pycocotools", "torchvision", "timm"}
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(name)
        return None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name in ABSENT else found(name, *a)
sys.meta_path.insert(0, Bare())
sys.argv = sys.argv[1:]
sys.path[0] = str(__import__("pathlib").Path(sys.argv[0]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def tool(tiny_stills, tmp_path):
    """Calls it in an empty folder with six pictures."""
    np.savez(
        tmp_path / "stills-0.npz", images=tiny_stills.images, depth_m=tiny_stills.depth_m,
        focal=tiny_stills.focal,
    )  # fmt: skip

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", BARE, str(ROOT / "tools/train_nano.py"), "--threads", "1"]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [*command, *words], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return call


TRAIN = ("train", "run", "--pictures", ".", "--held-out", ".", "--batch", "2", "--device", "cpu")


def test_training_in_two_parts_then_weights(tool, tmp_path):
    first = tool(*TRAIN, "--steps", "40", "--minutes", "0")
    assert first.returncode == 0, first.stderr
    assert tool(*TRAIN, "--steps", "40").returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "run/losses.jsonl").read_text().splitlines()]
    assert [r["step"] for r in lines if "loss" in r] == [20, 40]
    assert (tmp_path / "run/curves.png").read_bytes()[1:4] == b"PNG"
    done = tool("export", "run", "nano.safetensors", "--figures", '{"7scenes": 0.5}')
    assert done.returncode == 0, done.stderr
    _, about = read_weights(tmp_path / "nano.safetensors")
    assert about["steps"] == 40
    assert about["recipe"]["pictures"] == 6
    assert about["figures"]["7scenes"] == 0.5
    assert about["licence"] == "Apache-2.0"
    judged = json.loads(tool("judge", "nano.safetensors", "--held-out", ".").stdout)
    assert judged["pictures"] == 6
    assert 0 <= judged["network"] <= 1
    assert judged["lower is nearer"] > 0.5, "the pictures are ramps"


def test_a_run_without_a_measurement_is_not_exported(tool, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/losses.jsonl").write_text('{"step": 20, "loss": 1.5}\n')
    done = tool("export", "run", "nano.safetensors")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "'held-out d1'" in done.stderr and "run train" in done.stderr
    assert not (tmp_path / "nano.safetensors").exists()


def test_another_recipe_on_the_same_run_is_refused(tool):
    assert tool(*TRAIN, "--steps", "40", "--minutes", "0").returncode == 0
    other = tool(*TRAIN, "--steps", "41")
    assert other.returncode == 1
    assert "was made by" in other.stderr
