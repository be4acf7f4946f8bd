from dataclasses import replace

import numpy as np
import pytest

from vidmem.heads.occlusion import inverse_depth_of, is_occluded
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


def test_background_over_the_place_means_lost(depth):
    assert not is_occluded(depth, expected=EXPECTED, object_inverse=0.8, scene=0)


def test_a_nearer_surface_means_occluded(depth):
    depth.inverse[5:25, 5:17] = 1.5
    assert is_occluded(depth, expected=EXPECTED, object_inverse=0.8, scene=0)


def test_unsure_depth_and_another_scene_say_nothing(depth):
    depth.inverse[:] = 1.5
    assert not is_occluded(depth, expected=EXPECTED, object_inverse=0.8, scene=1)
    unsure = replace(depth, confidence=np.zeros((40, 40), np.float32))
    assert not is_occluded(unsure, expected=EXPECTED, object_inverse=0.8, scene=0)


def test_an_empty_mask_has_no_depth(depth):
    assert inverse_depth_of(depth, np.zeros((40, 40), bool)) is None
    assert inverse_depth_of(depth, EXPECTED) == pytest.approx(0.5)
