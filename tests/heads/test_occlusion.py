from dataclasses import replace

import numpy as np
import pytest

from vidmem.heads.occlusion import covered_share, inverse_depth_of
from vidmem.types import Depth, Intrinsics

EXPECTED = np.zeros((40, 40), bool)
EXPECTED[10:20, 10:20] = True


@pytest.fixture
def depth():
    inverse = np.full((40, 40), 0.5, np.float32)
    return Depth(
        inverse,
        np.ones_like(inverse),
        metric=False,
        intrinsics=Intrinsics(40.0, 40.0, 20.0, 20.0),
        scene=0,
    )


def shares(depth, scene=0):
    return covered_share(depth, expected=EXPECTED, object_inverse=0.8, scene=scene)


def test_the_background_over_the_place_covers_nothing(depth):
    assert shares(depth) == (0.0, 1.0)


def test_a_nearer_surface_covers_its_share(depth):
    depth.inverse[5:25, 5:17] = 1.5
    assert shares(depth) == (pytest.approx(0.7), 1.0)


def test_hardly_nearer_is_not_nearer(depth):
    depth.inverse[:] = 0.9
    assert shares(depth)[0] == 0


def test_unsure_depth_and_another_scene_say_nothing(depth):
    depth.inverse[:] = 1.5
    assert shares(depth, scene=1) == (0.0, 0.0)
    unsure = replace(depth, confidence=np.zeros((40, 40), np.float32))
    assert shares(unsure) == (0.0, 0.0)
    unsure.confidence[10:14] = 1
    assert shares(unsure) == (1.0, pytest.approx(0.4))


def test_an_empty_mask_has_no_depth(depth):
    assert inverse_depth_of(depth, np.zeros((40, 40), bool)) is None
    assert inverse_depth_of(depth, EXPECTED) == pytest.approx(0.5)
