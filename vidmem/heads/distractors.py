"""What looks like the object but is not: seen beside it while it was sure, followed while it is gone.

Without this, a look-alike in view is taken for the object as soon as the object is hidden (the
distractor-aware memory of DAM4SAM makes the same point for learned trackers).
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidmem.flow import warp

STRIDE = 4
APART_PX = 9
"""From the object's mask: nearer pixels may be a part of it that was missed."""
SHARE = 0.35
"""Of a region that lies where a distractor was: more makes it one."""

Mask = Bool[np.ndarray, "h w"]
Small = UInt8[np.ndarray, "rows columns"]


def carried(small: Small, flow: Float32[np.ndarray, "h w 2"] | None) -> Small:
    """Where the flow puts the distractors of the previous frame."""
    if flow is None:
        return small
    offsets = np.ascontiguousarray(flow[::STRIDE, ::STRIDE] / STRIDE)
    return (warp(small.astype(np.float32), offsets) > 0.5).astype(np.uint8)


def beside(likely: Mask, inside: Mask) -> Small:
    """Distractors while the object is followed: what looks like it, apart from it."""
    size = 2 * APART_PX + 1
    grown = cv2.dilate(inside.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return shrunk(likely & ~grown)


def shrunk(mask: Mask) -> Small:
    """At the size distractors are kept."""
    return mask[::STRIDE, ::STRIDE].astype(np.uint8)


def share(region: Mask, distractors: Small) -> float:
    """Of a region: how much of it lies where distractors are."""
    small = region[::STRIDE, ::STRIDE]
    count = int(small.sum())
    return float((distractors[small] > 0).sum() / count) if count else 0.0
