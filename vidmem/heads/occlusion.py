"""Hidden or lost: a nearer surface over the place where an object should be."""

import numpy as np
from jaxtyping import Bool

from vidmem.types import Depth

NEARER = 1.15
"""How much nearer the covering surface must be."""
COVERED = 0.5
"""Share of the expected place that must be covered."""
SURE = 0.2
"""Least confidence of a pixel that is asked."""


def inverse_depth_of(depth: Depth, mask: Bool[np.ndarray, "h w"]) -> float | None:
    """Median inverse depth of an object, in the depth's unit; None for an empty mask."""
    return float(np.median(depth.inverse[mask])) if mask.any() else None


def covered_share(
    depth: Depth, *, expected: Bool[np.ndarray, "h w"], object_inverse: float, scene: int
) -> tuple[float, float]:
    """Share of an object's expected place with a nearer surface, and how much of it could be asked.

    Args:
        depth: of this frame.
        expected: where the object should be, at working size.
        object_inverse: its inverse depth when it was last seen (:func:`inverse_depth_of`).
        scene: ``Depth.scene`` at that time; after a cut the units differ and nothing can be asked.
    """
    asked = expected & (depth.confidence >= SURE)
    if scene != depth.scene or not asked.any():
        return 0.0, 0.0
    nearer = float(np.mean(depth.inverse[asked] > NEARER * object_inverse))
    return nearer, float(asked.sum() / expected.sum())
