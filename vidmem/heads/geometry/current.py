"""What is known of the current frame, and how it begins from the one before."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from vidmem.flow import warp
from vidmem.heads.geometry.camera import inverted, unit_depth_rays
from vidmem.heads.geometry.fusion import carry
from vidmem.heads.geometry.tracking import track_pose
from vidmem.types import Depth, Intrinsics, Masks

GRID = 6
DARK = 3.0
"""Standard deviation of grey below which a picture shows nothing."""
CUT_CORRELATION = 0.3
"""With the previous picture, carried along the flow; fast walks stay over 0.39."""
CUT_GREY = 45.0
"""Mean difference to it; fast walks stay under 39, cuts begin at 48."""
FEWEST = 30


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """One frame's depth in the making."""

    grey: UInt8[np.ndarray, "h w"]
    rays: Float32[np.ndarray, "h w 3"]
    camera: Intrinsics
    still: Bool[np.ndarray, "h w"]
    """Not on a followed object, which may move."""
    inverse: Float32[np.ndarray, "h w"]
    variance: Float32[np.ndarray, "h w"]
    pose: Float[np.ndarray, "4 4"]
    """Camera to the video's own world."""
    posed: bool
    """The caller gave the pose."""
    started: bool
    """Geometry has fixed the unit."""
    metric: bool
    scene: int
    travel_px: float


def begin_from(now: Current, before: Depth, flow: Float32[np.ndarray, "h w 2"]) -> Current:
    """The previous frame's depth carried here, with the motion that explains the flow."""
    if not bool(before.state["started"]):
        return now
    if now.posed != before.metric and now.posed:
        return replace(now, scene=now.scene + 1)
    inverse = before.state["inverse"].numpy()
    variance = before.state["variance"].numpy()
    last_pose = before.state["pose"].numpy()
    if now.posed:
        motion = inverted(now.pose) @ last_pose
    else:
        motion = _tracked(now, np.dstack([inverse, variance]), flow)
    carried, spread = carry(inverse, variance, flow, now.rays, motion, focal=now.camera.fx)
    return replace(
        now,
        inverse=carried,
        variance=spread,
        pose=now.pose if now.posed else last_pose @ inverted(motion),
        started=True,
        metric=before.metric,
    )


def _tracked(
    now: Current, known: Float32[np.ndarray, "h w 2"], flow: Float32[np.ndarray, "h w 2"]
) -> Float[np.ndarray, "4 4"]:
    """Motion of points from the previous camera to this one."""
    offsets = flow[::GRID, ::GRID].reshape(-1, 2)
    both = warp(known, flow)[::GRID, ::GRID].reshape(-1, 2).astype(np.float64)
    pixels = grid_points(now.grey.shape, GRID)
    use = (both[:, 0] > 0) & now.still[::GRID, ::GRID].ravel()
    if use.sum() < FEWEST:
        return np.eye(4)
    rays = unit_depth_rays((pixels + offsets)[use], now.camera)
    weights = 1 / (both[use, 1] / both[use, 0] ** 2 + 0.05**2)
    points = rays / both[use, :1]
    return track_pose(points, pixels[use], now.camera, start=np.eye(4), weights=weights)


def is_cut(
    grey: UInt8[np.ndarray, "h w"],
    last: UInt8[np.ndarray, "h w"],
    flow: Float32[np.ndarray, "h w 2"],
) -> bool:
    """Whether no flow explains this picture from the last one. Black pictures say nothing."""
    a = grey[::4, ::4].astype(np.float32)
    b = warp(last, flow)[::4, ::4].astype(np.float32)
    if min(a.std(), b.std()) < DARK:
        return False
    difference = float(np.abs(a - b - (a.mean() - b.mean())).mean())
    correlation = float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    return difference > CUT_GREY or correlation < CUT_CORRELATION


def still_pixels(masks: Masks, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Everything but the followed objects."""
    if not masks.ids:
        return np.ones(size, bool)
    inside: np.ndarray = (masks.logits > 0).any(0).cpu().numpy()
    return ~inside


def grid_points(size: tuple[int, ...], step: int) -> Float[np.ndarray, "n 2"]:
    """x and y of every ``step``-th pixel, row by row."""
    rows, columns = np.mgrid[0 : size[0] : step, 0 : size[1] : step]
    return np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64)
