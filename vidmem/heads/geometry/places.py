"""Remembered keyframes of the place that is seen now, however long ago, found by their pictures."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.types import Keyframe

APART_PX = 200.0
"""Travel since a keyframe from which seeing its place again is a return."""
ALIKE = 0.6
"""Least correlation of the pictures' middles."""
WIDTH = 54


def place_seen_again(
    grey: UInt8[np.ndarray, "height width"], travel_px: float, kept: Sequence[Keyframe]
) -> Keyframe | None:
    """The keyframe most like this picture among those that the camera has long left; or None.

    Args:
        grey: this frame, at working size.
        travel_px: of this frame.
        kept: keyframes of the same size with a known depth.
    """
    middle = _details(grey)
    height, width = middle.shape
    middle = middle[height // 4 : height - height // 4, width // 4 : width - width // 4]
    best, found = ALIKE, None
    for keyframe in kept:
        if travel_px - keyframe.card.travel_px < APART_PX or not bool(keyframe.state["known"]):
            continue
        there = _details(keyframe.state["grey"].numpy())
        alike = float(cv2.matchTemplate(there, middle, cv2.TM_CCOEFF_NORMED).max())
        if alike > best:
            best, found = alike, keyframe
    return found


def _details(grey: UInt8[np.ndarray, "height width"]) -> Float32[np.ndarray, "rows columns"]:
    size = (WIDTH, max(4, round(WIDTH * grey.shape[0] / grey.shape[1])))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    details: np.ndarray = small - cv2.GaussianBlur(small, (0, 0), WIDTH / 13)
    return details
