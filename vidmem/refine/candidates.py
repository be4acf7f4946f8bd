"""What a promptable network is asked, and what it answers."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from vidmem.types import Box, Point

Mask = Bool[np.ndarray, "rows columns"]
MARGIN = 0.05
"""Of its size: how much larger than the mask its box is."""
DISTRACTOR = 0.2
"""Evidence from which something beside the object looks like it."""
LEAST_SHARE = 0.1
"""Of the object's area: smaller things that look like it are not pointed at."""
BESIDE_PX = 3
"""Pixels nearer to the object's outline may belong to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Hint:
    """One object, as a person would point at it: in frame pixels."""

    box: Box
    points: tuple[Point, ...]
    logits: Float[Tensor, "rows columns"]
    """The coarse mask's, over the whole frame at any size."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Masks on offer for one object."""

    logits: Float[Tensor, "masks height width"]
    """At frame size; positive inside."""
    scores: Float[np.ndarray, " masks"]
    """What the network thinks of each: 0 to 1."""


@runtime_checkable
class Predictor(Protocol):
    """A promptable network."""

    def see(self, image: UInt8[np.ndarray, "height width 3"]) -> Any:
        """One embedding of a frame, for all objects."""
        ...

    def offer(self, seen: Any, hint: Hint) -> Candidates:
        """Masks of one object in a frame that was seen."""
        ...


def hint_at(
    logits: Float[Tensor, "rows columns"],
    evidence: Float32[np.ndarray, "rows columns"],
    frame_size: tuple[int, int],
) -> Hint:
    """Box with a margin, a point deep inside, a point on the strongest distractor, the mask itself.

    Args:
        logits: of the coarse mask, which is not empty, at working size.
        evidence: -1 to 1 for every pixel: what the appearance says.
        frame_size: height and width in pixels.
    """
    inside: Mask = (logits > 0).numpy()
    rows, columns = inside.shape
    scale = (frame_size[1] / columns, frame_size[0] / rows)
    points = [(*_deepest(inside), 1)]
    distractor = _strongest_distractor(inside, evidence)
    if distractor is not None:
        points.append((*_deepest(distractor), 0))
    placed = tuple(((x + 0.5) * scale[0], (y + 0.5) * scale[1], label) for x, y, label in points)
    return Hint(_box(inside, scale, frame_size), placed, logits)


def _box(inside: Mask, scale: tuple[float, float], frame_size: tuple[int, int]) -> Box:
    down, across = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    left, right = float(across[0] * scale[0]), float((across[-1] + 1) * scale[0])
    top, bottom = float(down[0] * scale[1]), float((down[-1] + 1) * scale[1])
    x, y = MARGIN * (right - left), MARGIN * (bottom - top)
    return (
        max(0.0, left - x),
        max(0.0, top - y),
        min(float(frame_size[1]), right + x),
        min(float(frame_size[0]), bottom + y),
    )


def _deepest(region: Mask) -> tuple[int, int]:
    """x and y of the pixel farthest from the outline; the border of the picture is outside."""
    padded = np.pad(region.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(column), int(row)


def _strongest_distractor(
    inside: Mask, evidence: Float32[np.ndarray, "rows columns"]
) -> Mask | None:
    """The region beside the object that looks most like it, if one is large enough."""
    near = cv2.dilate(inside.astype(np.uint8), np.ones((2 * BESIDE_PX + 1,) * 2, np.uint8)) > 0
    alike = ((evidence > DISTRACTOR) & ~near).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(alike)
    large = stats[1:, cv2.CC_STAT_AREA] >= LEAST_SHARE * inside.sum()
    if count < 2 or not large.any():
        return None
    weight = np.bincount(labels.ravel(), weights=evidence.ravel(), minlength=count)[1:]
    found: Mask = labels == 1 + int(np.argmax(np.where(large, weight, -np.inf)))
    return found
