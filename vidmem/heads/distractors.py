"""What looks like the object but is not: marked beside it, followed, and never taken for it.

Without this, a look-alike in view is taken for the object as soon as the object is hidden (the
distractor-aware memory of DAM4SAM makes the same point for learned trackers).
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidmem.flow import warp

STRIDE = 4
CERTAIN = 2
"""A distractor that a prompted mask left out; 1 is one that was only seen beside the object."""
APART_PX = 9
"""From the object's mask: nearer pixels may be a part of it that was missed."""
PROMPT_APART_PX = 3
REACH = 2
"""Cells by which a distractor may grow from frame to frame."""

Mask = Bool[np.ndarray, "h w"]
Small = UInt8[np.ndarray, "rows columns"]


def carried(small: Small, flow: Float32[np.ndarray, "h w 2"] | None) -> Small:
    """Where the flow puts the distractors of the previous frame."""
    if flow is None:
        return small
    offsets = np.ascontiguousarray(flow[::STRIDE, ::STRIDE] / STRIDE)
    any_kind = warp((small > 0).astype(np.float32), offsets) > 0.5
    certain = warp((small == CERTAIN).astype(np.float32), offsets) > 0.5
    return np.asarray(any_kind.astype(np.uint8) + certain.astype(np.uint8))


def beside(likely: Mask, inside: Mask, before: Small) -> Small:
    """Distractors while the object is followed: what looks like it, apart from it.

    Args:
        likely: where it could be.
        inside: where it is.
        before: known distractors; the certain ones stay with the flow, and grow.
    """
    around = cv2.dilate(inside.astype(np.uint8), _square(APART_PX)) > 0
    free = shrunk(~inside)
    grown = cv2.dilate((before == CERTAIN).astype(np.uint8), _square(REACH))
    certain = (before == CERTAIN) | (grown & shrunk(likely) & free)
    both: Small = np.maximum(shrunk(likely & ~around), CERTAIN * certain).astype(np.uint8)
    return both


def first(likely: Mask, inside: Mask) -> Small:
    """Distractors of a prompted mask: it is whole, so what looks like it beside it is another."""
    around = cv2.dilate(inside.astype(np.uint8), _square(PROMPT_APART_PX)) > 0
    others: Small = (CERTAIN * shrunk(likely & ~around)).astype(np.uint8)
    return others


def certain(small: Small, shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Certain ones at working size, 0 or 1."""
    return enlarged(small == CERTAIN, shape).astype(np.float32)


def reach(small: Small, shape: tuple[int, int]) -> Mask:
    """Where distractors may be now, at working size."""
    grown = cv2.dilate((small > 0).astype(np.uint8), _square(REACH))
    return enlarged(grown > 0, shape)


def enlarged(cells: Bool[np.ndarray, "rows columns"], shape: tuple[int, ...]) -> Mask:
    """At working size."""
    height, width = shape
    large = cv2.resize(cells.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    mask: Mask = large > 0
    return mask


def _square(radius: int) -> np.ndarray:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def shrunk(mask: Mask) -> Small:
    """At the size distractors are kept."""
    return mask[::STRIDE, ::STRIDE].astype(np.uint8)


def share(region: Mask, distractors: Small) -> float:
    """Of a region: how much of it lies where distractors are."""
    small = region[::STRIDE, ::STRIDE]
    count = int(small.sum())
    return float((distractors[small] > 0).sum() / count) if count else 0.0
