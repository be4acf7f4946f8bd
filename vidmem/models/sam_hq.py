"""Builds SAM-HQ from the ``segment-anything-hq`` package and its checkpoints."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from vidmem.config import Config
from vidmem.models.sam2 import take_weights
from vidmem.refine.sam_hq import SamHq
from vidmem.weights import check, find, known

SIZES: Mapping[str, str] = {"tiny": "vit_tiny", "b": "vit_b", "l": "vit_l", "h": "vit_h"}
"""Names of the sizes, and how the package calls them."""
UNUSED = ("image_encoder.norm_head.", "image_encoder.head.")
"""The classifier that the tiny encoder was pretrained with: nothing here reads it."""


def load_sam_hq(config: Config) -> SamHq:
    """The predictor that ``config.refine`` names.

    Raises:
        CheckpointError: its weights are missing, damaged or of another size or family.
    """
    name = f"sam-hq-vit-{config.refine.size}"
    path = Path(config.refine.checkpoint) if config.refine.checkpoint else find(name)
    weights = check(path, known(name))
    network = build_sam_hq(config.refine.size)
    take_hq_weights(network, weights, path, name)
    return SamHq(network.to(config.runtime.device))


def build_sam_hq(size: str) -> Any:
    """The package's ``Sam`` with random weights; seed torch for the same ones again."""
    with warnings.catch_warnings():
        # The package imports timm by old names and registers models that timm has as well.
        warnings.filterwarnings("ignore", message=r"Importing from timm\.models\.", module="timm")
        warnings.filterwarnings("ignore", message=r"Overwriting tiny_vit_\w+ in registry")
        from segment_anything_hq import sam_model_registry

        network = sam_model_registry[SIZES[size]]()
    return network.eval().requires_grad_(False)


def take_hq_weights(network: Any, weights: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Copy weights into a network, if they are its own; the unused classifier may be missing.

    Raises:
        CheckpointError: names or shapes differ: another size or another family.
    """
    own: dict[str, Tensor] = network.state_dict()
    spare = {key: own[key] for key in own if key.startswith(UNUSED)}
    take_weights(network, {**spare, **weights}, path, name)
