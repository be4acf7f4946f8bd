"""Holes filled along the edges of the picture: guided filtering with weights, coarse to fine."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

RADII = (40, 14, 5)
"""Windows at geometry size; the finest one that knows enough decides."""
KEPT = 0.87
"""Share of its own value that a known pixel keeps."""
SMOOTHNESS = 4e-3
"""Grey variance (0 to 1) under which the picture counts as flat."""
TRUSTED = 0.3
"""Relative standard deviation up to which a pixel is no hole. All of these weigh the same: weights
by variance would let well-measured near edges bleed into flat far walls."""


def sure_pixels(
    inverse: Float32[np.ndarray, "h w"],
    variance: Float32[np.ndarray, "h w"],
    still: Bool[np.ndarray, "h w"],
) -> Bool[np.ndarray, "h w"]:
    """What is no hole."""
    sure: np.ndarray = still & (variance < (TRUSTED * inverse) ** 2)
    return sure


def fill(
    inverse: Float32[np.ndarray, "h w"],
    variance: Float32[np.ndarray, "h w"],
    grey: UInt8[np.ndarray, "height width"],
    *,
    still: Bool[np.ndarray, "h w"],
    fallback: Float32[np.ndarray, "h w"],
) -> Float32[np.ndarray, "h w"]:
    """Inverse depth everywhere, and behind what moves.

    A local line from grey value to inverse depth is fitted to known pixels (guided filter, He et
    al., 2013; weighted as in normalised convolution, Knutsson and Westin, 1993).

    Args:
        inverse: with holes.
        variance: of it; a pixel is a hole above ``TRUSTED``. All of them: nothing is changed.
        grey: the picture.
        still: the rest is a hole.
        fallback: what stands where nothing is known far and wide; also the weak prior.
    """
    result: np.ndarray
    known = sure_pixels(inverse, variance, still).astype(np.float32)
    if not known.any():
        result = np.maximum(inverse, 1e-6).astype(np.float32)
        return result
    values = np.where(known > 0, inverse, 0).astype(np.float32)
    guide = (
        cv2.resize(grey, inverse.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    )
    result = fallback
    floor = 1e-3
    for radius in RADII:
        fitted, support = _guided(values, known, guide, radius, result, floor)
        share = support / (support + floor * 3)
        result = share * fitted + (1 - share) * result
    filled = np.where(known > 0, KEPT * inverse + (1 - KEPT) * result, result)
    result = np.maximum(filled, 1e-6).astype(np.float32)
    return result


def _guided(
    values: Float32[np.ndarray, "h w"],
    weights: Float32[np.ndarray, "h w"],
    guide: Float32[np.ndarray, "h w"],
    radius: int,
    prior: Float32[np.ndarray, "h w"],
    prior_weight: float,
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """The fit around each pixel, and how much it knows."""
    window = (2 * radius + 1, 2 * radius + 1)
    w = weights + prior_weight
    x = (weights * values + prior_weight * prior) / w
    moments = np.dstack([w, w * guide, w * x, w * guide * guide])
    n, g, v, gg = cv2.split(cv2.blur(moments, window))
    gv = cv2.blur(w * guide * x, window)
    mean_g, mean_v = g / n, v / n
    slope = (gv / n - mean_g * mean_v) / (np.maximum(gg / n - mean_g**2, 0) + SMOOTHNESS)
    offset = mean_v - slope * mean_g
    lines = cv2.blur(np.dstack([n, n * slope, n * offset]), window)
    fitted = (lines[..., 1] * guide + lines[..., 2]) / lines[..., 0]
    low, high = float(x.min()), float(x.max())
    return np.clip(fitted, low, high), cv2.blur(weights, window)
