"""Two views: how the camera moved between them, and depth along each ray."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.heads.geometry.camera import unit_depth_rays
from vidmem.types import Intrinsics

INLIER_PX = 0.7
"""Distance to the epipolar line (MAGSAC's upper scale)."""
FEWEST = 60
"""Matches, and inliers, without which a pose is not believed."""
NEAREST = 0.98
FLOW_SIGMA_PX = 0.35
"""Standard deviation of a good flow vector."""


@dataclass(frozen=True, slots=True, eq=False)
class RelativePose:
    """Points move as ``there = rotation @ here + translation``; ``translation`` is unit length."""

    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, " 3"]
    inlier_share: float


def rotation_between(
    here: Float[np.ndarray, "n 3"], there: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "3 3"]:
    """Rotation that turns unit rays ``here`` into ``there`` (Kabsch), reweighted three times."""
    weights = np.ones(len(here))
    rotation = np.eye(3)
    for _ in range(4):
        u, _, vt = np.linalg.svd((there * weights[:, None]).T @ here)
        rotation = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
        errors = np.linalg.norm(there - here @ rotation.T, axis=1)
        weights = 1 / (errors + np.median(errors) + 1e-6)
    return rotation


def parallax_px(
    here: Float[np.ndarray, "n 2"], there: Float[np.ndarray, "n 2"], camera: Intrinsics
) -> float:
    """Median motion that a rotation does not explain, in pixels."""
    a, b = (unit_depth_rays(points, camera) for points in (here, there))
    a, b = (rays / np.linalg.norm(rays, axis=1, keepdims=True) for rays in (a, b))
    left_over = b - a @ rotation_between(a, b).T
    return float(np.median(np.linalg.norm(left_over, axis=1)) * camera.fx)


def relative_pose(
    here: Float[np.ndarray, "n 2"], there: Float[np.ndarray, "n 2"], camera: Intrinsics
) -> RelativePose | None:
    """Essential matrix by MAGSAC++ (Barath et al., CVPR 2020), decomposed. None: not believable."""
    if len(here) < FEWEST:
        return None
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    essential, mask = cv2.findEssentialMat(
        here, there, matrix, method=cv2.USAC_MAGSAC, prob=0.999, threshold=INLIER_PX
    )
    if essential is None or essential.shape != (3, 3) or mask is None:
        return None
    count, rotation, translation, mask = cv2.recoverPose(
        essential, here, there, matrix, mask=mask.copy()
    )
    if count < max(FEWEST, 0.3 * len(here)):
        return None
    return RelativePose(rotation, translation[:, 0], count / len(here))


def triangulate(
    rays: Float32[np.ndarray, "h w 3"],
    rays_there: Float32[np.ndarray, "h w 3"],
    *,
    motion: Float[np.ndarray, "4 4"],
    focal: float,
    flow_error: Float32[np.ndarray, "h w"],
    usable: Bool[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Inverse depth along each ray, its variance, and where it is believable.

    Least squares of ``p x (R r + rho t) = 0``: with a = p x t, rho = -a.(p x R r) / a.a. Then the
    nearest 2 % are clipped and a 5 x 5 median is taken.

    Args:
        rays: of the pixels here, z = 1.
        rays_there: of where the flow says each of them is there, z = 1.
        motion: of points from here to there; its translation sets the unit.
        focal: in pixels.
        flow_error: forward-backward error in pixels.
        usable: pixels whose flow is believed.
    """
    pose = motion.astype(np.float32)
    turned = rays @ pose[:3, :3].T
    across = _cross(rays_there, np.broadcast_to(pose[:3, 3], rays.shape))
    strength = (across * across).sum(-1) + np.float32(1e-12)
    moved = _cross(rays_there, turned)
    inverse = -(across * moved).sum(-1) / strength
    ratio = turned[..., 2] + inverse * pose[2, 3]
    left_over = moved + inverse[..., None] * across
    off = np.sqrt((left_over * left_over).sum(-1)) * np.float32(focal)
    size = np.maximum(np.abs(ratio), np.float32(0.1))
    sigma_px = FLOW_SIGMA_PX + 0.5 * flow_error + off / size
    variance = (sigma_px / focal * size) ** 2 / strength
    good = usable & (inverse > 0) & (ratio > 0.1) & (off < 2 * size) & (variance < 1e9)
    if not good.any():
        return inverse, variance.astype(np.float32), good
    nearest = np.quantile(inverse[good][::7], NEAREST)
    clipped = np.where(good, np.minimum(inverse, nearest), 0).astype(np.float32)
    smooth = cv2.medianBlur(clipped, 5)
    return smooth, variance.astype(np.float32), good & (smooth > 0)


def _cross(
    a: Float32[np.ndarray, "h w 3"], b: Float32[np.ndarray, "h w 3"]
) -> Float32[np.ndarray, "h w 3"]:
    """Faster than numpy's for pictures."""
    result = np.empty_like(a)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        result[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return result
