"""Where objects are in space: centroid, extent and velocity, in metres where metres are known."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float

from vidmem.heads.geometry.camera import given_pose
from vidmem.types import Depth, Frame, Masks, ObjectMemory, Position, Vector

FEWEST_PIXELS = 12
OUTLIER = 3.0
"""Median absolute deviations from the median distance; farther pixels are background."""
SPREAD = (3, 97)
"""Percentiles between which an object extends."""
SIGHTINGS = 12
"""Places that a velocity is taken from."""
SECONDS = 1.0
"""Age of the oldest of them."""
SHORTEST_SECONDS = 0.1


class Surface(NamedTuple):
    """The visible side of one object in the camera frame, metres."""

    centroid: Vector
    extent: Vector


def surfaces_of(masks: Masks, depth: Depth | None) -> dict[int, Surface]:
    """By object that can be seen; nothing where depth is not in metres."""
    if depth is None or not depth.metric:
        return {}
    found = {
        object_id: _surface((row > 0).cpu().numpy(), depth)
        for object_id, row in zip(masks.ids, masks.logits, strict=True)
    }
    return {object_id: surface for object_id, surface in found.items() if surface is not None}


def path_with(
    known: ObjectMemory, frame: Frame, surface: Surface | None
) -> tuple[tuple[tuple[float, float, float, float], ...], bool]:
    """The object's recent places (seconds, x, y, z) and whether they are in the world frame.

    They begin anew where the clock went back, or poses came or went.
    """
    if surface is None:
        return known.path, known.path_in_world
    pose = given_pose(frame)
    place = surface.centroid if pose is None else _moved(pose, surface.centroid)
    now = float(frame.seconds)
    goes_on = known.path_in_world == (pose is not None)
    goes_on = goes_on and (not known.path or known.path[-1][0] < now)
    old = [p for p in known.path if now - p[0] <= SECONDS] if goes_on else []
    return (*old, (now, *place))[-SIGHTINGS:], pose is not None


def position_of(frame: Frame, surface: Surface, known: ObjectMemory) -> Position:
    """What a user is told; ``known`` has this frame's place in its path already."""
    pose = given_pose(frame)
    velocity = velocity_of(known.path)
    if pose is None:
        return Position(surface.centroid, surface.extent, velocity, None, None)
    turned = None if velocity is None else _vector(pose[:3, :3].T @ np.array(velocity))
    world = _moved(pose, surface.centroid)
    return Position(surface.centroid, surface.extent, turned, world, velocity)


def velocity_of(path: Sequence[tuple[float, float, float, float]]) -> Vector | None:
    """Metres per second: the slope of a line through the places; None from too few."""
    places = np.array(path, np.float64).reshape(-1, 4)
    times = places[:, 0]
    if len(places) < 3 or times[-1] - times[0] < SHORTEST_SECONDS:
        return None
    centred = times - times.mean()
    return _vector(centred @ places[:, 1:] / (centred @ centred))


def _surface(inside: Bool[np.ndarray, "h w"], depth: Depth) -> Surface | None:
    # The rim mixes object and background in depth and mask alike.
    inner = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inside = inner if inner.sum() >= FEWEST_PIXELS else inside
    rows, columns = np.nonzero(inside & (depth.inverse > 0))
    if len(rows) < FEWEST_PIXELS:
        return None
    z = 1 / depth.inverse[rows, columns].astype(np.float64)
    middle = np.median(z)
    near = np.abs(z - middle) <= OUTLIER * 1.4826 * np.median(np.abs(z - middle)) + 1e-9
    camera = depth.intrinsics
    points = np.stack(
        [z * (columns - camera.cx) / camera.fx, z * (rows - camera.cy) / camera.fy, z], 1
    )[near]
    low, high = np.percentile(points, SPREAD, axis=0)
    return Surface(_vector(points.mean(0)), _vector(high - low))


def _moved(pose: Float[np.ndarray, "4 4"], point: Vector) -> Vector:
    return _vector(pose[:3, :3] @ np.array(point) + pose[:3, 3])


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.tolist()
    return (float(x), float(y), float(z))
