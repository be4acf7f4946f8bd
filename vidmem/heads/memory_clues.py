"""What the memory for depth is given of a frame: maps at about a quarter of the working size."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from vidmem.heads.geometry.camera import rays_of
from vidmem.heads.geometry.current import along
from vidmem.heads.geometry.tracking import track_pose
from vidmem.types import Depth, Features, Intrinsics, Recall

CELL = 4
"""Rows and columns of these maps per token."""
TOKEN_STRIDE = 16
"""Working pixels per token, about: the grid has whole tokens."""
LEAST = 1e-6
GRID = 3
"""Every so many rows and columns take part in finding the camera's motion."""


@dataclass(frozen=True, slots=True, eq=False)
class Clues:
    """One frame with the depth of the base, before the memory is asked."""

    image: UInt8[np.ndarray, "h w 3"]
    log_inverse: Float32[np.ndarray, "h w"]
    confidence: Float32[np.ndarray, "h w"]
    flow: Float32[np.ndarray, "h w 2"]
    """To the previous frame, in pixels of these maps; zero in a scene's first frame."""
    motion: Float[np.ndarray, "4 4"]
    """Takes points of this camera to the previous one."""
    camera: Intrinsics
    """In pixels of these maps."""
    begins: bool
    """Nothing that is remembered belongs to this scene."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tokens."""
        rows, columns = self.log_inverse.shape
        return rows // CELL, columns // CELL


def clues_of(features: Features, depth: Depth, recall: Recall) -> Clues:
    """Everything at the size of the maps."""
    rows, columns = grid_of(features.grey.shape)
    size = (CELL * columns, CELL * rows)
    share = (size[0] / features.grey.shape[1], size[1] / features.grey.shape[0])
    log = cv2.resize(np.log(np.maximum(depth.inverse, LEAST)), size, interpolation=cv2.INTER_AREA)
    before = recall.previous.depth if recall.previous else None
    begins = features.flow is None or before is None or _other_unit(before, depth)
    flow = np.zeros((size[1], size[0], 2), np.float32)
    if not begins and features.flow is not None:
        small = cv2.resize(features.flow, size, interpolation=cv2.INTER_AREA)
        flow = (small * np.array(share)).astype(np.float32)
    camera = depth.intrinsics.scaled(*share)
    return Clues(
        image=cv2.resize(features.image, size, interpolation=cv2.INTER_AREA),
        log_inverse=log,
        confidence=cv2.resize(depth.confidence, size, interpolation=cv2.INTER_AREA),
        flow=flow,
        motion=np.eye(4) if begins else motion_of(log, flow, camera),
        camera=camera,
        begins=begins,
    )


def grid_of(size: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of tokens for a working size."""
    return max(1, round(size[0] / TOKEN_STRIDE)), max(1, round(size[1] / TOKEN_STRIDE))


def _other_unit(before: Depth, depth: Depth) -> bool:
    return (before.scene, before.metric) != (depth.scene, depth.metric)


def motion_of(
    log_inverse: Float32[np.ndarray, "h w"],
    flow: Float32[np.ndarray, "h w 2"],
    camera: Intrinsics,
) -> Float[np.ndarray, "4 4"]:
    """Takes points of this camera to the previous one: what explains the flow of a still scene.

    Own tracking, for the poses of a base may jump when it corrects itself, or not exist.
    """
    grid = (slice(None, None, GRID), slice(None, None, GRID))
    rays = rays_of(camera, log_inverse.shape)
    here = rays[grid].reshape(-1, 3).astype(np.float64)
    there = along(rays, flow, camera.fx)[grid].reshape(-1, 3)[:, :2].astype(np.float64)
    points = here / np.exp(log_inverse[grid].reshape(-1, 1).astype(np.float64))
    weights = np.ones(len(points))
    return track_pose(points, there, focal=camera.fx, start=np.eye(4), weights=weights)
