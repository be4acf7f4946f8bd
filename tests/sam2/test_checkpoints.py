"""Weights from a file: the right ones are taken, anything else is refused with what to do."""

from dataclasses import replace

import pytest
import torch

from vidmem import Config, load
from vidmem.config import FAMILIES, config_of
from vidmem.errors import CheckpointError, ConfigError
from vidmem.models.sam2 import build_network, load_sam2_tracker, take_weights
from vidmem.weights import check, known


@pytest.fixture(scope="module")
def checkpoint(small, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.pt"
    torch.save({"model": small.state_dict()}, path)
    return path


def config_with(path, family="sam2.1-tiny-hq", **knobs):
    config = config_of(family)
    tracker = replace(config.tracker, checkpoint=str(path), image_size=128, **knobs)
    return replace(config, tracker=tracker)


def test_a_checkpoint_is_taken(checkpoint, small):
    tracker = load_sam2_tracker(config_with(checkpoint))
    for name, value in tracker._network.state_dict().items():
        assert torch.equal(value, small.state_dict()[name]), name


def test_without_weights_the_error_says_how_to_get_them():
    with pytest.raises(CheckpointError, match=r"vidmem weights fetch sam2\.1-tiny"):
        load("sam2.1-tiny-hq")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint .*gone\.pt"):
        load_sam2_tracker(config_with(tmp_path / "gone.pt"))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "damaged.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load_sam2_tracker(config_with(path))


def test_a_cut_download_is_refused(checkpoint, tmp_path):
    path = tmp_path / "cut.pt"
    path.write_bytes(checkpoint.read_bytes()[:100_000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_sam2_tracker(config_with(path))


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    path = tmp_path / "code.pt"
    torch.save({"model": {"weight": pytest.raises}}, path)
    with pytest.raises(CheckpointError, match="damaged or no checkpoint"):
        load_sam2_tracker(config_with(path))


@pytest.mark.parametrize("content", [{"state": {}}, [1, 2], torch.zeros(3)])
def test_something_else_is_refused(tmp_path, content):
    path = tmp_path / "else.pt"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r"holds (no|more than) tensors"):
        check(path, known("sam2.1-tiny"))


def test_another_size_is_refused(checkpoint):
    with pytest.raises(CheckpointError, match=r"no checkpoint of sam2\.1-small: \d+ of \d+"):
        load_sam2_tracker(config_with(checkpoint, "sam2.1-small-hq"))


def test_another_family_is_refused(small, tmp_path):
    """SAM 2 (2.0) lacks the embedding that SAM 2.1 adds to the memory of absent objects."""
    weights = dict(small.state_dict())
    del weights["no_obj_embed_spatial"]
    with pytest.raises(CheckpointError, match="first no_obj_embed_spatial: missing"):
        take_weights(small, weights, tmp_path, "sam2.1-tiny")


@pytest.mark.parametrize("side", [64, 250])
def test_an_impossible_input_size_is_refused(side):
    with pytest.raises(ConfigError, match="image_size"):
        build_network("tiny", image_size=side)


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.startswith("sam2.1")])
def test_every_family_comes_with_its_settings(family):
    config = config_of(family)
    assert config.family == family
    pages = config.memory.recent + config.memory.long_term + config.memory.distractors
    assert pages == 6, "as many as SAM 2.1 reads itself"
    assert config.memory.pointers == 15 and config.tracker == Config().tracker


@pytest.mark.parametrize("size", ["small", "base-plus", "large"])
def test_every_size_can_be_built(size):
    assert build_network(size, image_size=256).image_size == 256
