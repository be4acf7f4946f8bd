"""Pinhole rays and rigid poses."""

import math

import cv2
import numpy as np
from jaxtyping import Float, Float32

from vidmem.types import Frame, Intrinsics

FOCAL_RANGE = (0.2, 20.0)
"""Believable focal lengths, as shares of the image's width."""


def working_intrinsics(
    frame: Frame, size: tuple[int, int], *, field_of_view_degrees: float
) -> Intrinsics:
    """The frame's camera at working ``size`` (height, width); assumed where none believable came.

    ``field_of_view_degrees`` is horizontal and used for the assumed camera.
    """
    height, width = size
    given = frame.intrinsics
    if given is not None:
        scaled = given.scaled(width / frame.size[1], height / frame.size[0])
        numbers = (scaled.fx, scaled.fy, scaled.cx, scaled.cy)
        low, high = FOCAL_RANGE[0] * width, FOCAL_RANGE[1] * width
        inside = 0 <= scaled.cx <= width and 0 <= scaled.cy <= height
        focal = low <= min(numbers[:2]) <= max(numbers[:2]) <= high
        if all(map(math.isfinite, numbers)) and focal and inside:
            return scaled
    assumed = width / (2 * math.tan(math.radians(field_of_view_degrees) / 2))
    return Intrinsics(assumed, assumed, width / 2, height / 2, assumed=True)


def given_pose(frame: Frame) -> Float[np.ndarray, "4 4"] | None:
    """The frame's pose where it is finite and rigid; None otherwise."""
    pose = frame.camera_to_world
    if pose is None or not np.isfinite(pose).all():
        return None
    rotation = np.asarray(pose, np.float64)[:3, :3]
    rigid = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-2)
    return np.asarray(pose, np.float64) if rigid and np.linalg.det(rotation) > 0 else None


def geometry_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which geometry is done: flow has no more detail than half the pixels."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def shrunk(
    offsets: Float32[np.ndarray, "height width 2"],
) -> Float32[np.ndarray, "rows columns 2"]:
    """Flow at geometry size, in pixels of that size."""
    height, width = offsets.shape[:2]
    rows, columns = geometry_size((height, width))
    small = cv2.resize(offsets, (columns, rows), interpolation=cv2.INTER_AREA)
    scaled: np.ndarray = small * np.array([columns / width, rows / height], np.float32)
    return scaled


def small_camera(camera: Intrinsics, size: tuple[int, int]) -> Intrinsics:
    """The camera of working ``size`` at geometry size."""
    rows, columns = geometry_size(size)
    return camera.scaled(columns / size[1], rows / size[0])


def rays_of(camera: Intrinsics, size: tuple[int, int]) -> Float32[np.ndarray, "height width 3"]:
    """Direction of every pixel with z = 1, in camera coordinates."""
    height, width = size
    x = (np.arange(width, dtype=np.float32) - np.float32(camera.cx)) / np.float32(camera.fx)
    y = (np.arange(height, dtype=np.float32) - np.float32(camera.cy)) / np.float32(camera.fy)
    rays = np.ones((height, width, 3), np.float32)
    rays[..., 0] = x[None, :]
    rays[..., 1] = y[:, None]
    return rays


def rigid(
    rotation: Float[np.ndarray, "3 3"], translation: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, "4 4"]:
    """One matrix of both."""
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = translation
    return pose


def inverted(pose: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
    """The inverse of a rigid pose."""
    rotation = pose[:3, :3].T
    return rigid(rotation, -rotation @ pose[:3, 3])
