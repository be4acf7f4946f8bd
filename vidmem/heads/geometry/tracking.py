"""Where the camera is, from known depth: robust Gauss-Newton on reprojection errors."""

import cv2
import numpy as np
from jaxtyping import Float

from vidmem.heads.geometry.camera import rigid

ITERATIONS = 8
LEAST_SCALE_PX = 0.2


def track_pose(
    points: Float[np.ndarray, "n 3"],
    seen: Float[np.ndarray, "n 2"],
    *,
    focal: float,
    start: Float[np.ndarray, "4 4"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "4 4"]:
    """Pose that moves ``points`` to where they are ``seen`` (x / z, y / z).

    Iteratively reweighted least squares with Cauchy weights whose scale follows the median error.
    """
    pose = start.copy()
    for _ in range(ITERATIONS):
        moved = points @ pose[:3, :3].T + pose[:3, 3]
        z = np.maximum(moved[:, 2], 1e-3)
        residual = focal * (seen - moved[:, :2] / z[:, None])
        errors = np.linalg.norm(residual, axis=1)
        scale = max(LEAST_SCALE_PX, 1.5 * float(np.median(errors)))
        w = weights / (1 + (errors / scale) ** 2) * (moved[:, 2] > 1e-3)
        step = _normal_step(moved[:, :2] / z[:, None], 1 / z, residual, w, focal)
        pose = rigid(cv2.Rodrigues(step[3:])[0], step[:3]) @ pose
        if np.abs(step).max() < 1e-5:
            break
    return pose


def _normal_step(
    xy: Float[np.ndarray, "n 2"],
    inverse: Float[np.ndarray, " n"],
    residual: Float[np.ndarray, "n 2"],
    weights: Float[np.ndarray, " n"],
    focal: float,
) -> Float[np.ndarray, " 6"]:
    """Solve for a small motion: translation, then rotation vector, in camera coordinates."""
    x, y = xy.T
    zero = np.zeros_like(x)
    across = np.stack([inverse, zero, -x * inverse, -x * y, 1 + x * x, -y], 1)
    down = np.stack([zero, inverse, -y * inverse, -1 - y * y, x * y, x], 1)
    rows = focal * np.concatenate([across, down])
    weighted = rows * np.concatenate([weights, weights])[:, None]
    normal = weighted.T @ rows
    normal += 1e-6 * np.diag(np.diag(normal) + 1e-9)
    step: np.ndarray = np.linalg.solve(normal, weighted.T @ residual.T.reshape(-1))
    length = float(np.linalg.norm(step))
    return step if length < 1 else step / length
