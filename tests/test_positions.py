"""Centroid, extent and velocity of a flat thing at a known distance."""

import numpy as np
import pytest
import torch

from vidmem import Depth, Frame, Intrinsics, Masks
from vidmem.positions import path_with, position_of, surfaces_of, velocity_of
from vidmem.types import ObjectMemory

CAMERA = Intrinsics(100, 100, 49.5, 39.5)
SIZE = (80, 100)


def seen(x, metres=2.0, metric=True):
    """A square of 21 pixels around column ``x`` and row 40 before a wall at 5 m."""
    logits = torch.full((1, *SIZE), -5.0)
    logits[0, 30:51, x - 10 : x + 11] = 5.0
    inverse = np.full(SIZE, 1 / 5, np.float32)
    inverse[30:51, x - 10 : x + 11] = 1 / metres
    masks = Masks((1,), logits, (1.0,), (1.0,), (False,), {1: {}})
    ones = np.ones(SIZE, np.float32)
    return masks, Depth(inverse, ones, metric, CAMERA, 0)


def followed(columns, poses=None, seconds=0.1):
    known = ObjectMemory(1, "it", 0, 0, 0.0, 1.0, (), {})
    for index, x in enumerate(columns):
        pose = None if poses is None else poses[index]
        frame = Frame(np.zeros((*SIZE, 3), np.uint8), index, index * seconds, CAMERA, pose)
        surface = surfaces_of(*seen(x))[1]
        path, in_world = path_with(known, frame, surface)
        known = ObjectMemory(1, "it", 0, 0, 0.0, 1.0, (), {}, path, in_world)
    return position_of(frame, surface, known), known


def test_centroid_and_extent_in_the_camera_frame():
    position, _ = followed([60])
    assert position.centroid_m == pytest.approx((2 * 10.5 / 100, 2 * 0.5 / 100, 2.0), abs=1e-3)
    assert position.extent_m == pytest.approx((0.36, 0.36, 0.0), abs=0.03)
    assert position.velocity_m_per_second is None and position.world_centroid_m is None


def test_without_metres_there_is_no_position():
    assert surfaces_of(*seen(60, metric=False)) == {}
    assert surfaces_of(seen(60)[0], None) == {}


def test_a_few_pixels_of_background_do_not_move_it():
    masks, depth = seen(60)
    masks.logits[0, 30:33, 50:71] = 5
    depth.inverse[30:33, 50:71] = 1 / 5
    assert surfaces_of(masks, depth)[1].centroid[2] == pytest.approx(2.0, abs=1e-3)


def test_velocity_relative_to_the_camera():
    position, _ = followed([50, 51, 52, 53, 54])
    assert position.velocity_m_per_second == pytest.approx((0.2, 0, 0), abs=1e-3)


def test_with_poses_velocity_is_over_ground():
    poses = [np.eye(4) for _ in range(5)]
    for index, pose in enumerate(poses):
        pose[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]  # looks along the world's x
        pose[2, 3] = -0.02 * -index  # and follows at the object's own speed
    position, _ = followed([50] * 5, poses)
    assert position.world_centroid_m[0] == pytest.approx(2.0, abs=1e-3)
    assert position.world_velocity_m_per_second == pytest.approx((0, 0, 0.2), abs=1e-3)
    assert position.velocity_m_per_second == pytest.approx((-0.2, 0, 0), abs=1e-3)


def test_a_clock_that_goes_back_begins_anew():
    _, known = followed([50, 51, 52], seconds=-0.1)
    assert len(known.path) == 1
    assert velocity_of(known.path) is None


def test_only_the_last_second_counts():
    _, known = followed(range(20, 60))
    assert len(known.path) <= 12 and known.path[-1][0] - known.path[0][0] <= 1.0
