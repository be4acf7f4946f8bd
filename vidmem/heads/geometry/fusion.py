"""Inverse depth over time: carried with the camera, and joined by variance."""

import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.flow import warp
from vidmem.types import Number

FORGETTING = 0.05
"""Relative standard deviation that every step adds."""
RIGID_PX = 2.0
"""A pixel whose motion differs more from the scene's has its own motion, or was hidden."""
AGREEMENT = 2.0
"""Standard deviations within which two estimates are averaged."""
UNKNOWN = 0.5
"""Relative standard deviation of a guess."""
SHARED_ERROR_PX = 0.3
"""Of motion between two places, wrong in the same way everywhere."""


def carry(
    inverse: Float32[np.ndarray, "h w"],
    variance: Float32[np.ndarray, "h w"],
    flow: Float32[np.ndarray, "h w 2"],
    rays: tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w 3"]],
    motion: Float[np.ndarray, "4 4"],
    *,
    focal: float,
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """The previous frame's inverse depth and variance as this frame sees them.

    Args:
        inverse: of the previous frame.
        variance: of it.
        flow: this frame to the previous one, in pixels.
        rays: directions of pixels, and of where the flow puts them in the previous frame, z = 1.
        motion: moves points from the previous camera to this one.
        focal: in working pixels, in which strays are told.
    """
    both = warp(np.dstack([inverse, variance]), flow)
    inside = within(flow) & (both[..., 0] > 0)
    before = np.where(inside, both[..., 0], inverse)
    spread = np.where(inside, both[..., 1], 0)
    here, at = rays
    pose = motion.astype(np.float32)
    moved = at @ pose[:3, :3].T + before[..., None] * pose[:3, 3]
    ratio = np.clip(moved[..., 2], 0.2, 5.0)
    now = before / ratio
    off = (moved[..., :2] / ratio[..., None] - here[..., :2]) * np.float32(focal)
    stray = np.maximum(np.hypot(off[..., 0], off[..., 1]) - 0.5, 0) / RIGID_PX
    growth = FORGETTING**2 + (0.3 * np.minimum(stray, 2)) ** 2 * (stray > 1)
    grown = np.minimum(spread / ratio**4, now**2) + growth * now**2
    return now, np.where(inside, grown, (UNKNOWN * now) ** 2).astype(np.float32)


def within(flow: Float32[np.ndarray, "h w 2"]) -> Bool[np.ndarray, "h w"]:
    """Where ``flow`` points into the picture, so that nothing from beyond its edge is mixed in."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    inside: np.ndarray = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


def join(
    inverse: Float32[np.ndarray, "h w"],
    variance: Float32[np.ndarray, "h w"],
    measured: Float32[np.ndarray, "h w"],
    measured_variance: Float32[np.ndarray, "h w"],
    good: Bool[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """Kalman update per pixel; where the two contradict, the new one stands, doubted."""
    total = variance + measured_variance
    apart = (measured - inverse) ** 2 / total
    gain = variance / total
    agree = apart < AGREEMENT**2
    joined = inverse + gain * (measured - inverse)
    value = np.where(agree, joined, measured)
    spread = np.where(agree, gain * measured_variance, 2 * measured_variance)
    return (
        np.where(good, value, inverse).astype(np.float32),
        np.where(good, spread, variance).astype(np.float32),
    )


def confidence_of(
    inverse: Float32[np.ndarray, "h w"],
    variance: Float32[np.ndarray, "h w"],
    *,
    parallax_px: Number,
) -> Float32[np.ndarray, "h w"]:
    """0 to 1, falling with the relative standard deviation; 0.5 at 12 %.

    Args:
        inverse: inverse depth.
        variance: of it, as if pixels erred one by one.
        parallax_px: the most that was ever seen. Where it was little, lens, flow and rotation are
            wrong by as much all over the picture, whatever single pixels say.
    """
    shared = (SHARED_ERROR_PX / parallax_px) ** 2 if parallax_px else 0.0
    relative = variance / np.maximum(inverse, 1e-6) ** 2 + np.float32(shared)
    confidence: np.ndarray = (1 / (1 + relative / 0.12**2)).astype(np.float32)
    return confidence
