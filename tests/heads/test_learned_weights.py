"""Weights are read strictly: whatever is wrong, the file names itself and what was expected."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from vidmem.errors import CheckpointError
from vidmem.heads.learned_network import MonoNetwork
from vidmem.heads.learned_weights import FORMAT, MEMORY, digest_of, read_weights, write_weights
from vidmem.heads.memory_network import MemoryNetwork


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(1)
    return MonoNetwork().state_dict()


@pytest.fixture
def path(weights, tmp_path):
    write_weights(weights, tmp_path / "nano.safetensors", about={"steps": 7, "licence": "none"})
    return tmp_path / "nano.safetensors"


def rewritten(path, change):
    """The file with its tensors and metadata changed, and the old digest."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(tensors, metadata)
    save_file(tensors, path, metadata)


def test_what_was_written_is_read(path, weights):
    tensors, about = read_weights(path)
    assert about == {"steps": 7, "licence": "none"}
    assert tensors.keys() == weights.keys()
    for name, value in weights.items():
        assert torch.equal(tensors[name], value.half().to(value.dtype))
    assert not list(path.parent.glob("*.partial"))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_cut_file(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refused(path)


def test_no_file(path):
    path.unlink()
    refused(path)


def test_something_else_entirely(path):
    path.write_bytes(b"GIF89a" + bytes(2000))
    refused(path)


def test_foreign_tensors(path):
    save_file({"weight": torch.zeros(3)}, path)
    assert "format 'unknown'" in refused(path)


def test_one_number_changed(path):
    def change(tensors, metadata):
        tensors["out.bias"] += 0.25

    rewritten(path, change)
    assert "changed after it was written" in refused(path)


def test_one_flipped_bit_on_disk(path):
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert "changed after it was written" in refused(path)


def test_another_story_about_it(path):
    def change(tensors, metadata):
        metadata["about"] = json.dumps({"steps": 7_000_000})

    rewritten(path, change)
    assert "changed after it was written" in refused(path)


def test_another_network_with_a_true_digest(path):
    def change(tensors, metadata):
        tensors["out.weight"] = torch.zeros(1, 8, 3, 3, dtype=torch.float16)
        metadata["sha256"] = digest_of(tensors, metadata)

    rewritten(path, change)
    assert "out.weight is torch.Size([1, 8, 3, 3]), expected" in refused(path)


def refused(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_weights(path)
    text = str(caught.value)
    assert str(path) in text and FORMAT in text
    assert "train_nano" in caught.value.remedy
    return text


def test_weights_of_one_network_are_refused_for_another(path, tmp_path):
    torch.manual_seed(2)
    memory = MemoryNetwork().state_dict()
    other = tmp_path / "nano-memory.safetensors"
    write_weights(memory, other, about={}, kind=MEMORY)
    tensors, _ = read_weights(other, MEMORY)
    assert tensors.keys() == memory.keys()
    with pytest.raises(CheckpointError, match=r"nano-memory\.safetensors is of format.*expected"):
        read_weights(other)
    with pytest.raises(CheckpointError, match=r"nano\.safetensors is of format.*memory") as caught:
        read_weights(path, MEMORY)
    assert "train_depth_memory.py" in caught.value.remedy


def test_a_tampered_memory_is_refused(tmp_path):
    other = tmp_path / "nano-memory.safetensors"
    write_weights(MemoryNetwork().state_dict(), other, about={}, kind=MEMORY)
    whole = bytearray(other.read_bytes())
    whole[-9] ^= 1
    other.write_bytes(whole)
    with pytest.raises(CheckpointError, match=r"nano-memory\.safetensors is changed"):
        read_weights(other, MEMORY)
