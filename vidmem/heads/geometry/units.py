"""Metres from what a user knows: factors that turn an unknown unit into metres.

Each function gives metres per unit of depth; :func:`to_metres` applies it.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.config import DepthConfig
from vidmem.errors import VidmemError
from vidmem.types import Depth, Frame, Masks

SIZED_OBJECT = 1
"""The object whose height a user can tell."""
PRESENT = 0.5
PLANE_ROUNDS = 8
FEWEST = 20


def to_metres(depth: Depth, metres_per_unit: float) -> Depth:
    """The same depth with ``metric`` set and inverse depth in 1 / metres.

    Raises:
        VidmemError: the factor is not a positive number.
    """
    if not (np.isfinite(metres_per_unit) and metres_per_unit > 0):
        raise VidmemError(
            f"The depth's unit came out as {metres_per_unit} metres.",
            remedy="Check the camera height, the range points or the object's size.",
        )
    inverse = (depth.inverse / np.float32(metres_per_unit)).astype(np.float32)
    return replace(depth, inverse=inverse, metric=True)


def told_metres(depth: Depth, frame: Frame, masks: Masks, config: DepthConfig) -> float | None:
    """Metres per unit from whatever this frame brings: range points, else the camera's height,
    else the height of object 1. None where nothing tells them.

    Args:
        depth: at working size, in units.
        frame: its ``ranges`` are in frame pixels.
        masks: of this frame.
        config: with the heights that are known.
    """
    if frame.ranges is not None and len(frame.ranges):
        height, width = depth.inverse.shape
        shrink = np.array([width / frame.size[1], height / frame.size[0]])
        points = np.nan_to_num(np.asarray(frame.ranges, np.float64), nan=-1.0)
        return scale_from_range_points(depth.inverse, points[:, :2] * shrink, points[:, 2])
    if config.camera_height_m > 0:
        return scale_from_camera_height(depth, height_m=config.camera_height_m)
    if config.object_height_m > 0 and SIZED_OBJECT in masks.ids:
        row = masks.ids.index(SIZED_OBJECT)
        if masks.presence[row] >= PRESENT and not masks.occluded[row]:
            inside = (masks.logits[row] > 0).cpu().numpy()
            return scale_from_object_size(depth, inside, height_m=config.object_height_m)
    return None


def scale_from_range_points(
    inverse: Float32[np.ndarray, "h w"],
    pixels: Float[np.ndarray, "n 2"],
    depth_m: Float[np.ndarray, " n"],
) -> float | None:
    """From distances along the optical axis (sparse lidar, a rangefinder): a robust ratio.

    Args:
        inverse: unknown unit.
        pixels: x, y at working size.
        depth_m: metres.

    Returns:
        The median of measured / estimated; None where no point falls into the picture.
    """
    height, width = inverse.shape
    columns, rows = np.round(pixels).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    inside &= np.isfinite(depth_m) & (depth_m > 0)
    if not inside.any():
        return None
    return float(np.median(depth_m[inside] * inverse[rows[inside], columns[inside]]))


def scale_from_object_size(
    depth: Depth, mask: Bool[np.ndarray, "h w"], *, height_m: float
) -> float | None:
    """From an upright object whose height is known: height = rows / fy x depth.

    None where the mask is empty or leaves the picture above or below.
    """
    rows = np.flatnonzero(mask.any(1))
    if not len(rows) or rows[0] == 0 or rows[-1] == mask.shape[0] - 1:
        return None
    distance = 1 / float(np.median(depth.inverse[mask]))
    tall = int(rows[-1] - rows[0] + 1)
    return height_m * depth.intrinsics.fy / (tall * distance)


def scale_from_camera_height(depth: Depth, *, height_m: float) -> float | None:
    """From the camera's height over the ground: a plane through the lower part of the picture.

    In inverse depth a plane n.X = d is linear in the pixel: rho = (n.r) / d, so the fit is linear;
    Cauchy weights leave out what stands on the ground. None where it is no ground (its normal is
    more than 45 degrees away from the picture's vertical) or too little of it is seen.
    """
    height, width = depth.inverse.shape
    rows, columns = np.mgrid[height * 3 // 5 : height : 4, 0:width:4]
    rows, columns = rows.ravel(), columns.ravel()
    camera = depth.intrinsics
    rays = np.column_stack(
        [(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy, np.ones(len(rows))]
    )
    inverse = depth.inverse[rows, columns].astype(np.float64)
    if len(inverse) < FEWEST:
        return None
    weights = np.clip(depth.confidence[rows, columns].astype(np.float64), 0.01, 1)
    plane = _fit(rays, inverse, weights)
    length = float(np.linalg.norm(plane))
    if length < 1e-9 or plane[1] / length < np.sqrt(0.5):
        return None
    return height_m * length


def _fit(
    rays: Float[np.ndarray, "n 3"],
    inverse: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " 3"]:
    robust = weights
    plane = np.zeros(3)
    for _ in range(PLANE_ROUNDS):
        rows = rays * robust[:, None]
        plane = np.linalg.lstsq(rows, inverse * robust, rcond=None)[0]
        errors = np.abs(rays @ plane - inverse)
        robust = weights / (1 + (errors / (np.median(errors) + 1e-9)) ** 2)
    return np.asarray(plane)
