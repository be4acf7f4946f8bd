"""Builds SAM 2.1 from the ``sam2`` package and its checkpoints. Imports it only when used."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from vidmem.config import Config
from vidmem.errors import CheckpointError, ConfigError
from vidmem.features.sam2 import Sam2Encoder
from vidmem.heads.sam2_tracker import Sam2Tracker
from vidmem.weights import check, find, known

SIZES: Mapping[str, str] = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}
"""Names of the sizes, and how the package's settings call them."""
SMALLEST_SIDE = 128


def load_sam2_tracker(config: Config) -> Sam2Tracker:
    """The tracker of a family such as ``sam2.1-tiny-hq``.

    Raises:
        CheckpointError: its weights are missing, damaged or of another size or family.
        ConfigError: an impossible input size.
    """
    size = config.family.removeprefix("sam2.1-").removesuffix("-hq")
    name = f"sam2.1-{size}"
    path = Path(config.tracker.checkpoint) if config.tracker.checkpoint else find(name)
    weights = check(path, known(name))
    network = build_network(size, image_size=config.tracker.image_size)
    take_weights(network, weights, path, name)
    return make_tracker(network.to(config.runtime.device), config)


def make_tracker(network: Any, config: Config) -> Sam2Tracker:
    """A tracker around a network that is already there."""
    return Sam2Tracker(config.tracker, Sam2Encoder(network), network)


def build_network(size: str, *, image_size: int) -> Any:
    """The package's ``SAM2Base`` with random weights; seed torch for the same ones again.

    Raises:
        ConfigError: an impossible input size.
    """
    if image_size < SMALLEST_SIDE or image_size % 32:
        raise ConfigError(
            f"tracker.image_size is {image_size}.",
            remedy=f"Use a multiple of 32, at least {SMALLEST_SIDE}; SAM 2.1 was trained at 1024.",
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"sam2|hydra|iopath|omegaconf")
        from sam2.build_sam import build_sam2

        network = build_sam2(
            f"configs/sam2.1/sam2.1_hiera_{SIZES[size]}.yaml",
            device="cpu",
            hydra_overrides_extra=[f"++model.image_size={image_size}"],
        )
    return network.requires_grad_(False)


def take_weights(network: Any, weights: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Copy weights into a network, if they are its own.

    Raises:
        CheckpointError: names or shapes differ: another size or another family.
    """
    own = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in weights.items()}
    differing = sorted(key for key in own.keys() | given.keys() if own.get(key) != given.get(key))
    if differing:
        key = differing[0]
        raise CheckpointError(
            f"{path} is no checkpoint of {name}: {len(differing)} of {len(own)} tensors differ, "
            f"first {key}: {given.get(key, 'missing')}, expected {own.get(key, 'none')}.",
            remedy=f"Run: vidmem weights fetch {name}",
        )
    network.load_state_dict(dict(weights))
