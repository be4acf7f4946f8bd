"""Which remembered keyframes to look at: some parallax, much overlap."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vidmem.heads.geometry.camera import inverted
from vidmem.types import Intrinsics, Keyframe

PARALLAX_PX = 14.0
"""Wanted median motion beyond rotation."""
FARTHEST_PX = 60.0
"""Median motion that the flow still follows."""
TRAVEL_PX = 30.0
"""Wanted travel while poses are not known."""


def by_travel(keyframes: Sequence[Keyframe], travel_px: float) -> list[Keyframe]:
    """Keyframes by how near their travelled distance is to the wanted one, best first."""
    gaps = [abs(np.log((travel_px - k.card.travel_px + 1) / TRAVEL_PX)) for k in keyframes]
    return [keyframes[i] for i in np.argsort(gaps, kind="stable")]


def by_parallax(
    keyframes: Sequence[Keyframe],
    points: Float[np.ndarray, "n 3"],
    seen_here: Float[np.ndarray, "n 2"],
    pose: Float[np.ndarray, "4 4"],
    camera: Intrinsics,
) -> list[Keyframe]:
    """Keyframes by predicted parallax and overlap, best first; useless ones are left out.

    Args:
        keyframes: with a known pose in ``state["pose"]``.
        points: of this frame, in its camera.
        seen_here: x / z and y / z of them.
        pose: camera to world of this frame.
        camera: at working size.
    """
    motions = np.stack([inverted(k.state["pose"].numpy()) @ pose for k in keyframes])
    scores = _scores(points, seen_here, motions, camera)
    best = np.argsort(-scores, kind="stable")
    return [keyframes[i] for i in best if scores[i] > 0]


def _scores(
    points: Float[np.ndarray, "n 3"],
    seen_here: Float[np.ndarray, "n 2"],
    motions: Float[np.ndarray, "k 4 4"],
    camera: Intrinsics,
) -> Float[np.ndarray, " k"]:
    """All at once: medians of few numbers cost more to call than to compute."""
    turned = points @ motions[:, :3, :3].transpose(0, 2, 1)
    moved = turned + motions[:, None, :3, 3]
    behind = np.minimum(np.median(moved[..., 2], 1), np.median(turned[..., 2], 1)) <= 0
    focal = float(camera.fx)
    seen = moved[..., :2] / np.maximum(moved[..., 2:], 1e-3)
    still = turned[..., :2] / np.maximum(turned[..., 2:], 1e-3)
    parallax = focal * np.median(np.linalg.norm(seen - still, axis=2), 1)
    travelled = focal * np.median(np.linalg.norm(seen - seen_here, axis=2), 1)
    pixels = seen * np.array([focal, camera.fy]) + np.array([camera.cx, camera.cy])
    edge = 2 * np.array([camera.cx, camera.cy])
    inside = ((pixels > 0) & (pixels < edge)).all(2) & (moved[..., 2] > 0)
    near = np.exp(-((np.log(np.maximum(parallax, 0.1) / PARALLAX_PX)) ** 2))
    far = 1 / (1 + (travelled / FARTHEST_PX) ** 4)
    scores: np.ndarray = np.where(behind, 0.0, near * far * inside.mean(1) ** 2)
    return scores
