"""The file of trained weights: written with everything that is known about it, read strictly."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vidmem.errors import CheckpointError
from vidmem.heads.learned_network import MonoNetwork
from vidmem.heads.memory_network import MemoryNetwork

Network = TypeVar("Network", bound=nn.Module)

FOLDER = Path(__file__).parents[1] / "checkpoints"
SHIPPED = FOLDER / "nano.safetensors"
SHIPPED_MEMORY = FOLDER / "nano-memory.safetensors"
FORMAT = "vidmem nano depth 1"


@dataclass(frozen=True, slots=True)
class Kind:
    """Which network a file of weights belongs to."""

    format: str
    network: Callable[[], nn.Module]
    tool: str

    @property
    def remedy(self) -> str:
        """Where a whole file comes from."""
        return f"Install vidmem again, or write the file with: python tools/{self.tool} export"


MONO = Kind(FORMAT, MonoNetwork, "train_nano.py")
MEMORY = Kind("vidmem nano depth memory 1", MemoryNetwork, "train_depth_memory.py")


def write_weights(
    weights: Mapping[str, Tensor], path: Path, *, about: Mapping[str, object], kind: Kind = MONO
) -> None:
    """Half precision, with ``about`` (recipe, seeds, steps, licence, figures) as metadata.

    Complete under a temporary name first.
    """
    small = {name: _halved(value).contiguous() for name, value in weights.items()}
    metadata = {"format": kind.format, "about": json.dumps(about, sort_keys=True)}
    metadata["sha256"] = digest_of(small, metadata)
    partial = path.with_suffix(".partial")
    save_file(small, partial, metadata)
    partial.chmod(0o644)  # it was made for its owner alone
    partial.replace(path)


def digest_of(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 over what the file says about itself, and every tensor's name, shape and bytes."""
    total = hashlib.sha256(f"{metadata['format']}\n{metadata['about']}\n".encode())
    for name in sorted(weights):
        total.update(f"{name} {tuple(weights[name].shape)}\n".encode())
        total.update(weights[name].numpy().tobytes())
    return total.hexdigest()


def read_weights(path: Path, kind: Kind = MONO) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors, in single precision, and what the file says about itself.

    Raises:
        CheckpointError: missing, cut, changed, or the weights of something else.
    """
    if not path.is_file():
        raise CheckpointError(
            f"There are no weights at {path}; expected {kind.format}.", remedy=kind.remedy
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _refused(path, kind, f"damaged ({error})") from None
    if metadata.get("format") != kind.format:
        raise _refused(path, kind, f"of format {metadata.get('format', 'unknown')!r}")
    if {"about", "sha256"} - metadata.keys() or digest_of(weights, metadata) != metadata["sha256"]:
        raise _refused(path, kind, "changed after it was written: its SHA-256 does not fit")
    _check_shapes(path, kind, weights)
    whole = {n: v.float() if v.is_floating_point() else v for n, v in weights.items()}
    return whole, json.loads(metadata["about"])


def _halved(value: Tensor) -> Tensor:
    return value.to("cpu", torch.float16) if value.is_floating_point() else value.cpu()


def _check_shapes(path: Path, kind: Kind, weights: Mapping[str, Tensor]) -> None:
    with torch.device("meta"):
        expected = {name: value.shape for name, value in kind.network().state_dict().items()}
    given = {name: value.shape for name, value in weights.items()}
    differing = sorted(n for n in expected.keys() | given.keys() if expected.get(n) != given.get(n))
    if differing:
        name = differing[0]
        here, there = given.get(name, "missing"), expected.get(name, "none")
        raise _refused(path, kind, f"of another network: {name} is {here}, expected {there}")


def _refused(path: Path, kind: Kind, why: str) -> CheckpointError:
    return CheckpointError(f"{path} is {why}; expected {kind.format}.", remedy=kind.remedy)


@lru_cache(maxsize=1)
def shipped_network() -> MonoNetwork:
    """The network that comes with vidmem, ready to answer; engines share it.

    Raises:
        CheckpointError: as ``read_weights``.
    """
    with torch.device("meta"):
        network = MonoNetwork()
    weights, _ = read_weights(SHIPPED)
    return filled(network, weights)


@lru_cache(maxsize=1)
def shipped_memory_network() -> MemoryNetwork:
    """The same for the memory of depth.

    Raises:
        CheckpointError: as ``read_weights``.
    """
    with torch.device("meta"):
        network = MemoryNetwork()
    weights, _ = read_weights(SHIPPED_MEMORY, MEMORY)
    return filled(network, weights)


def filled(network: Network, weights: Mapping[str, Tensor]) -> Network:
    """A network that was made without memory, with these weights, ready to answer."""
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)
