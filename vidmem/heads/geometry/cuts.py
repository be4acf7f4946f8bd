"""Whether a picture goes on from the last one or shows another scene."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.flow import warp
from vidmem.heads.geometry.current import DARK

SUSPICIOUS_GREY = 25.0
"""Mean difference of grey along the flow; cuts begin at 33, fast pans reach 62."""
SUSPICIOUS_CORRELATION = 0.7
"""Along the flow; cuts reach 0.7."""
FOUND = 0.58
"""Correlation of a quarter of the picture found anywhere in the other: cuts reach 0.51, the fastest
pans stay over 0.65."""


def is_cut(
    grey: UInt8[np.ndarray, "h w"],
    last: UInt8[np.ndarray, "h w"],
    flow: Float32[np.ndarray, "h w 2"],
) -> bool:
    """Whether neither flow nor a search finds this picture in the last. Black ones say nothing."""
    a = grey[::4, ::4].astype(np.float32)
    b = warp(last, flow)[::4, ::4].astype(np.float32)
    if min(a.std(), b.std()) < DARK:
        return False
    difference = float(np.abs(a - b - (a.mean() - b.mean())).mean())
    correlation = float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    if difference < SUSPICIOUS_GREY and correlation > SUSPICIOUS_CORRELATION:
        return False
    return found_share(grey, last) < FOUND


def found_share(grey: UInt8[np.ndarray, "h w"], last: UInt8[np.ndarray, "h w"]) -> float:
    """Best normalised correlation of five half-size windows of one picture with the other."""
    a, b = _details(grey), _details(last)
    h, w = a.shape
    best = -1.0
    for top, left in (
        (h // 4, w // 4),
        (h // 4, 0),
        (h // 4, w // 2),
        (0, w // 4),
        (h // 2, w // 4),
    ):
        window = a[top : top + h // 2, left : left + w // 2]
        best = max(best, float(cv2.matchTemplate(b, window, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _details(grey: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, "rows columns"]:
    size = (max(8, grey.shape[1] // 4), max(8, grey.shape[0] // 4))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    details: np.ndarray = small - cv2.GaussianBlur(small, (0, 0), size[0] / 13)
    return details
