"""Mask metrics of the DAVIS benchmark (Perazzi et al. 2016, Pont-Tuset et al. 2017)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

Mask = Bool[np.ndarray, "height width"]
TOLERANCE = 0.008
"""Of the image diagonal: how far boundaries may lie apart and still match."""
VOID = 255


def region(predicted: Mask, truth: Mask, void: Mask | None = None) -> float:
    """J: intersection over union, 1 where both are empty; void pixels do not count."""
    counted = np.ones_like(truth) if void is None else ~void
    union = ((predicted | truth) & counted).sum()
    return float((predicted & truth & counted).sum() / union) if union else 1.0


def contour(predicted: Mask, truth: Mask, void: Mask | None = None) -> float:
    """F: harmonic mean of boundary precision and recall within the tolerance.

    Both empty: 1. One empty: 0.
    """
    if void is not None:
        predicted, truth = predicted & ~void, truth & ~void
    mine, theirs = boundary(predicted), boundary(truth)
    count, wanted = int(mine.sum()), int(theirs.sum())
    if not count or not wanted:
        return float(count == wanted)
    disk = _disk(int(np.ceil(TOLERANCE * np.hypot(*truth.shape))))
    precision = (mine & _grown(theirs, disk)).sum() / count
    recall = (theirs & _grown(mine, disk)).sum() / wanted
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def boundary(mask: Mask) -> Mask:
    """Pixels unlike their right, lower or lower-right neighbour.

    As the official code: the last row is compared with the right neighbour only, the last column
    with the lower one, and the last corner never is a boundary.
    """
    edge = np.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def _disk(radius: int) -> np.ndarray:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disk: np.ndarray = (rows**2 + columns**2 <= radius**2).astype(np.uint8)
    return disk


def _grown(mask: Mask, disk: np.ndarray) -> Mask:
    grown: Mask = cv2.dilate(mask.astype(np.uint8), disk).astype(bool)
    return grown


@dataclass(frozen=True, slots=True)
class Summary:
    """One measure over the frames of one object."""

    mean: float
    recall: float
    """Share of frames above one half."""
    decay: float
    """First quarter less last quarter."""
    official_decay: float
    """The same with the official code's bin edges, which overflow beyond 256 frames."""


def summarise(values: Sequence[float]) -> Summary:
    """Mean, recall and decay of one object's per-frame values; NaN where there are none."""
    if not values:
        return Summary(*[float("nan")] * 4)
    array = np.asarray(values, np.float64)
    edges = np.round(np.linspace(1, len(array), 5) + 1e-10).astype(np.int64) - 1
    return Summary(
        float(array.mean()),
        float((array > 0.5).mean()),
        _decay(array, edges),
        _decay(array, edges.astype(np.uint8).astype(np.int64)),
    )


def _decay(values: Float[np.ndarray, " frames"], edges: np.ndarray) -> float:
    first, last = values[edges[0] : edges[1] + 1], values[edges[3] : edges[4] + 1]
    if not len(first) or not len(last):
        return float("nan")
    return float(first.mean() - last.mean())
