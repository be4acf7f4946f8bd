"""Two views: how the camera moved between them, and depth along each ray."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.types import Intrinsics

INLIER_PX = 0.7
"""Distance to the epipolar line (MAGSAC's upper scale)."""
FEWEST = 60
"""Matches, and inliers, without which a pose is not believed."""
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
    a, b = unit_rays(here, camera), unit_rays(there, camera)
    left_over = b - a @ rotation_between(a, b).T
    return float(np.median(np.linalg.norm(left_over, axis=1)) * camera.fx)


def unit_rays(points: Float[np.ndarray, "n 2"], camera: Intrinsics) -> Float[np.ndarray, "n 3"]:
    """Unit directions of pixels."""
    rays = np.column_stack(
        [
            (points[:, 0] - camera.cx) / camera.fx,
            (points[:, 1] - camera.cy) / camera.fy,
            np.ones(len(points)),
        ]
    )
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


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
    rotation: Float[np.ndarray, "3 3"],
    translation: Float[np.ndarray, " 3"],
    focal: float,
    flow_error: Float32[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Inverse depth along each ray, its variance, and where it is believable.

    Least squares of ``p x (R r + rho t) = 0``: with a = p x t, rho = -a.(p x R r) / a.a.

    Args:
        rays: of the pixels here, z = 1.
        rays_there: of where the flow says each of them is there, z = 1.
        rotation: from here to there.
        translation: in the unit that the inverse depth shall have.
        focal: in pixels.
        flow_error: forward-backward error in pixels.
    """
    turned = rays @ rotation.T.astype(np.float32)
    t = translation.astype(np.float32)
    across = np.cross(rays_there, t)
    strength = np.einsum("hwc,hwc->hw", across, across) + np.float32(1e-12)
    moved = np.cross(rays_there, turned)
    inverse = -np.einsum("hwc,hwc->hw", across, moved) / strength
    depth_ratio = turned[..., 2] + inverse * t[2]
    off = np.linalg.norm(moved + inverse[..., None] * across, axis=-1) * focal
    sigma_px = FLOW_SIGMA_PX + 0.5 * flow_error + off / np.maximum(np.abs(depth_ratio), 0.1)
    sigma = sigma_px / focal * np.abs(depth_ratio) / np.sqrt(strength)
    good = (inverse > 0) & (depth_ratio > 0.1) & (off < 2 * depth_ratio) & (sigma < 1e6)
    return inverse, sigma * sigma, good
