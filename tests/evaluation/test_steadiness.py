"""TAE and OPW: exact reprojection, still pictures, flicker."""

import numpy as np
import pytest

from vidmem.evaluation.steadiness import alignment_error, reprojected, warping_error
from vidmem.types import Intrinsics

CAMERA = Intrinsics(20.0, 20.0, 16.0, 12.0)


def test_a_wall_seen_one_metre_nearer():
    ahead = np.eye(4)
    ahead[2, 3] = 1.0
    wall = np.full((24, 32), 4.0)
    moved = reprojected(wall, CAMERA, np.linalg.inv(ahead))
    assert set(np.unique(moved)) <= {0.0, 3.0} and (moved == 3).any()
    assert alignment_error(wall, wall - 1, CAMERA, (np.eye(4), ahead)) == pytest.approx(0)
    wrong = alignment_error(wall, wall, CAMERA, (np.eye(4), ahead))
    assert wrong == pytest.approx(0.25 + 0.25)


def test_opw_of_a_still_picture_and_of_flicker():
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (48, 64, 3), np.uint8)
    depth = random.random((48, 64)).astype(np.float32) + 1
    assert warping_error((image, depth), (image, depth)) == pytest.approx(0, abs=1e-3)
    assert warping_error((image, depth), (image, depth[::-1].copy())) > 1
