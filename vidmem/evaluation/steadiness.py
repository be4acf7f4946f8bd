"""How steady depth is from frame to frame: TAE with known cameras, OPW with optical flow."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from vidmem.flow import flow, warp
from vidmem.types import Intrinsics

Map = Float[np.ndarray, "height width"]
Pose = Float[np.ndarray, "4 4"]


def reprojected(depth_m: Map, camera: Intrinsics, move: Pose) -> Map:
    """Depth seen from the other camera, 0 where nothing lands.

    ``move`` takes points of this camera to the other one. Rounded to pixels and without a depth
    buffer, the last write wins, as in Video Depth Anything's code.
    """
    rows, columns = np.nonzero(np.isfinite(depth_m) & (depth_m > 0))
    z = depth_m[rows, columns].astype(np.float64)
    rays = np.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy])
    x, y, z = move[:3, :3] @ np.stack([*(rays * z), z]) + move[:3, 3:]
    front = z > 0
    x, y, z = x[front], y[front], z[front]
    across = np.round(camera.fx * x / z + camera.cx)
    down = np.round(camera.fy * y / z + camera.cy)
    height, width = depth_m.shape
    inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    seen: Map = np.zeros((height, width))
    seen[down[inside].astype(np.int64), across[inside].astype(np.int64)] = z[inside]
    return seen


def alignment_error(first: Map, second: Map, camera: Intrinsics, poses: tuple[Pose, Pose]) -> float:
    """Both directions' mean |d - projected| / d of two frames; TAE is 100 / 2 times the mean.

    ``poses`` are camera to world, depth in the poses' unit. A direction without overlap counts 0.
    """
    there = np.linalg.inv(poses[1]) @ poses[0]
    return _relative(reprojected(first, camera, there), second) + _relative(
        reprojected(second, camera, np.linalg.inv(there)), first
    )


def _relative(projected: Map, depth_m: Map) -> float:
    use = (projected > 0) & np.isfinite(depth_m) & (depth_m > 0)
    if not use.any():
        return 0.0
    return float(np.mean(np.abs(depth_m[use] - projected[use]) / depth_m[use]))


def warping_error(
    previous: tuple[UInt8[np.ndarray, "height width 3"], Map],
    current: tuple[UInt8[np.ndarray, "height width 3"], Map],
) -> float:
    """OPW of two frames (Wang et al., NVDS 2023): 10 x mean weighted difference after warping.

    Flow is DIS and colours are 0 to 1, so figures compare only among themselves. Each map is
    normalised by its median and mean absolute deviation; pixels without a prediction are left out.
    """
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image, _ in (current, previous)]
    offsets = flow(grey[0], grey[1])
    colours = [image.astype(np.float32) / 255 for image, _ in (current, previous)]
    weight = np.exp(-50 * (warp(colours[1], offsets) - colours[0]) ** 2).sum(-1)
    carried = warp(_normalised(previous[1]), offsets, outside=np.nan)
    difference = weight * np.abs(carried - _normalised(current[1]))
    use = np.isfinite(difference)
    return 10 * float(difference[use].mean()) if use.any() else 0.0


def _normalised(values: Map) -> Map:
    if not np.isfinite(values).any():
        return values.astype(np.float32)
    centred = values - np.nanmedian(values)
    deviation = np.nanmean(np.abs(centred))
    normalised: Map = (centred / max(float(deviation), 1e-9)).astype(np.float32)
    return normalised
