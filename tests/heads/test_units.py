import numpy as np
import pytest
import torch

from vidmem.config import DepthConfig
from vidmem.errors import VidmemError
from vidmem.heads.geometry.units import (
    scale_from_camera_height,
    scale_from_object_size,
    scale_from_range_points,
    to_metres,
    told_metres,
)
from vidmem.types import Depth, Frame, Intrinsics, Masks

CAMERA = Intrinsics(100.0, 100.0, 80.0, 60.0)


def depth_of(inverse):
    ones = np.ones_like(inverse)
    return Depth(inverse, ones, metric=False, intrinsics=CAMERA, scene=0)


def ground(height_units):
    rows = np.mgrid[0:120, 0:160][0]
    return np.maximum((rows - 60) / 100 / height_units, 1e-3).astype(np.float32)


def test_camera_height_gives_metres_per_unit():
    inverse = ground(0.5)
    inverse[90:110, 20:50] = 1.5  # a box stands on the ground
    assert scale_from_camera_height(depth_of(inverse), height_m=1.5) == pytest.approx(3, rel=0.02)


def test_a_wall_is_no_ground():
    wall = np.full((120, 160), 0.5, np.float32)
    assert scale_from_camera_height(depth_of(wall), height_m=1.5) is None


def test_range_points_survive_an_outlier_and_points_outside():
    inverse = np.full((120, 160), 0.5, np.float32)
    pixels = np.array([[5.0, 5], [50, 50], [80, 90], [500, 5]])
    distances = np.array([6.0, 6, 60, 1])
    assert scale_from_range_points(inverse, pixels, distances) == pytest.approx(3)
    assert scale_from_range_points(inverse, pixels[3:], distances[3:]) is None


def test_object_size():
    mask = np.zeros((120, 160), bool)
    mask[30:80, 60:80] = True
    depth = depth_of(np.full((120, 160), 0.5, np.float32))
    # 50 rows at 2 units and fy 100 are 1 unit high
    assert scale_from_object_size(depth, mask, height_m=1.8) == pytest.approx(1.8)
    mask[0] = True
    assert scale_from_object_size(depth, mask, height_m=1.8) is None


def test_metres_are_marked():
    depth = to_metres(depth_of(np.full((4, 4), 0.5, np.float32)), 2.0)
    assert depth.metric
    assert depth.inverse[0, 0] == pytest.approx(0.25)
    with pytest.raises(VidmemError):
        to_metres(depth, float("nan"))


def frame_of(ranges=None):
    image = np.zeros((240, 320, 3), np.uint8)
    return Frame(image, 0, 0.0, ranges=ranges)


def masks_of(inside, presence=1.0):
    logits = torch.where(torch.from_numpy(inside), 5.0, -5.0)[None]
    return Masks((1,), logits, (presence,), (presence,), (False,), {})


NOBODY = Masks((), torch.zeros(0, 120, 160), (), (), (), {})


def test_a_frame_tells_metres_by_what_it_brings():
    depth = depth_of(np.full((120, 160), 0.5, np.float32))
    assert told_metres(depth, frame_of(), NOBODY, DepthConfig()) is None
    points = np.array([[100.0, 100, 6], [50, 50, 6], [np.nan, 1, 3]])
    assert told_metres(depth, frame_of(points), NOBODY, DepthConfig()) == pytest.approx(3)
    inside = np.zeros((120, 160), bool)
    inside[30:80, 60:80] = True
    config = DepthConfig(object_height_m=1.8)
    assert told_metres(depth, frame_of(), masks_of(inside), config) == pytest.approx(1.8)
    assert told_metres(depth, frame_of(), masks_of(inside, 0.1), config) is None
    config = DepthConfig(camera_height_m=1.5)
    assert told_metres(depth_of(ground(0.5)), frame_of(), NOBODY, config) == pytest.approx(
        3, rel=0.02
    )
