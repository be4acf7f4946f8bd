"""The tool for a user's machine, with random weights from files: nothing is downloaded."""

import re
import runpy
from pathlib import Path

import pytest
import torch

from vidmem.models.sam2 import build_network
from vidmem.models.sam_hq import build_sam_hq

TOOL = Path(__file__).parents[2] / "tools" / "verify_checkpoints.py"


@pytest.fixture(scope="module")
def verify():
    return runpy.run_path(str(TOOL))["main"]


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path, seeded):
    """No way out, and one thread: more of them only wait for each other on small pictures."""
    torch.set_num_threads(1)
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module")
def sam2_file(tmp_path_factory):
    torch.manual_seed(0)
    network = build_network("tiny", image_size=128)
    network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 5
    path = tmp_path_factory.mktemp("weights") / "tiny.pt"
    torch.save({"model": network.state_dict()}, path)
    return path


def test_sam2_is_loaded_compared_and_evaluated(verify, sam2_file, capsys):
    small = ["--image-size", "128", "--frames", "2"]
    assert verify(["sam2.1-tiny", "--file", f"sam2.1-tiny={sam2_file}", *small]) == 0
    row = capsys.readouterr().out.splitlines()[-1]
    found = re.fullmatch(
        r"\| sam2\.1-tiny \| 39\.0 M \| (\S+) \| (0\.\d{3}) \(rendered, 2 frames\) \| [\d.]+ \|",
        row,
    )
    assert found and float(found[1]) < 1e-4, row


def test_a_difference_from_the_package_is_told(verify, capsys, monkeypatch):
    """Were it there."""
    rows = {"sam2.1-tiny": "| sam2.1-tiny | DIFFERENT |", "sam2.1-small": "| sam2.1-small |"}
    judged = verify.__globals__["verdict"]
    assert (judged(0.009), judged(0.011)) == ("", " DIFFERENT")
    monkeypatch.setitem(verify.__globals__, "verify", lambda name, *_: rows[name])
    assert verify(["sam2.1-tiny", "sam2.1-small"]) == 1
    assert verify(["sam2.1-small"]) == 0


def test_sam_hq_is_loaded_compared_and_evaluated(verify, tmp_path, capsys):
    torch.manual_seed(0)
    path = tmp_path / "hq.pth"
    torch.save(build_sam_hq("tiny").state_dict(), path)
    assert verify(["sam-hq-vit-tiny", "--file", f"sam-hq-vit-tiny={path}", "--frames", "2"]) == 0
    row = capsys.readouterr().out.splitlines()[-1]
    found = re.fullmatch(
        r"\| sam-hq-vit-tiny \| 10\.6 M \| (\S+) \| 0\.\d+ \(.*\) \| [\d.]+ \|", row
    )
    assert found and float(found[1]) < 1e-5, row


def test_what_cannot_be_fetched_or_is_wrong_fails_and_the_rest_goes_on(verify, sam2_file, capsys):
    names = ["sam2.1-large", "sam2.1-small", "depth-anything-v2-large"]
    assert verify([*names, "--file", f"sam2.1-small={sam2_file}"]) == 1
    told = capsys.readouterr().out
    assert "sam2.1-large: FAILED" in told and "cannot be downloaded" in told
    assert "no checkpoint of sam2.1-small" in told
    assert "CC-BY-NC" in told and "| weights |" not in told
