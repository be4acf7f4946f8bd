import cv2
import numpy as np
import pytest

from vidmem.heads.geometry.camera import rays_of, rigid
from vidmem.heads.geometry.two_view import (
    POSE_DOUBT,
    Matches,
    parallax_px,
    relative_motion,
    triangulate,
)
from vidmem.types import Intrinsics

FOCAL = 200.0
TURN = cv2.Rodrigues(np.array([0.01, -0.03, 0.02]))[0]


def matches(shift, *, noise_px=0.05, flat=False, count=900):
    random = np.random.default_rng(0)
    here = np.column_stack([random.uniform(-0.6, 0.6, (count, 2)), np.ones(count)])
    depth = np.full(count, 4.0) if flat else random.uniform(2, 8, count)
    moved = here * depth[:, None] @ TURN.T + shift
    there = moved / moved[:, 2:]
    there[:, :2] += random.normal(0, noise_px / FOCAL, (count, 2))
    return Matches(here, there, np.ones(count))


def degrees(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def test_a_motion_is_recovered_among_outliers():
    shift = np.array([0.3, 0.05, 0.1])
    seen = matches(shift)
    seen.there[:150, :2] += 0.1
    motion = relative_motion(seen, focal=FOCAL, guess=None, doubt=POSE_DOUBT)
    assert degrees(motion[:3, 3], shift) < 2
    assert np.abs(motion[:3, :3] - TURN).max() < 2e-3


def test_points_far_away_still_count_as_in_front():
    """A first pair moves by a hundredth of the distance."""
    shift = np.array([0.03, 0, 0])
    motion = relative_motion(
        matches(shift, noise_px=0.02), focal=FOCAL, guess=None, doubt=POSE_DOUBT
    )
    assert motion is not None
    assert degrees(motion[:3, 3], shift) < 15


def test_too_few_matches_and_mere_noise_say_nothing():
    few = matches(np.array([0.3, 0, 0]), count=40)
    assert relative_motion(few, focal=FOCAL, guess=None, doubt=POSE_DOUBT) is None
    noise = matches(np.array([0.3, 0, 0]), noise_px=60)
    assert relative_motion(noise, focal=FOCAL, guess=None, doubt=POSE_DOUBT) is None


def test_a_turn_alone_has_no_parallax():
    turned = matches(np.zeros(3))
    assert parallax_px(turned.here, turned.there, focal=FOCAL) < 0.2
    shifted = matches(np.array([0.3, 0, 0]))
    assert parallax_px(shifted.here, shifted.there, focal=FOCAL) > 2


def test_triangulation_gives_inverse_depth_and_its_spread():
    size = (40, 60)
    rays = rays_of(Intrinsics(FOCAL, FOCAL, 30, 20), size)
    motion = rigid(np.eye(3), np.array([1.0, 0, 0]))
    depth = np.full(size, 5.0, np.float32)
    depth[:, 30:] = 20.0
    there = rays.copy()
    there[..., 0] += 1 / depth
    inverse, variance, good = triangulate(
        rays,
        there,
        motion=motion,
        focal=FOCAL,
        flow_error=np.zeros(size, np.float32),
        usable=np.ones(size, bool),
    )
    assert good.all()
    assert inverse[20, 10] == pytest.approx(0.2, rel=1e-3)
    assert inverse[20, 50] == pytest.approx(0.05, rel=1e-3)
    relative = np.sqrt(variance) / inverse
    assert relative[20, 50] > 3 * relative[20, 10]


@pytest.mark.parametrize(("noise_px", "believed"), [(0.05, True), (0.4, False)])
def test_faint_parallax_is_believed_where_matches_are_good(noise_px, believed):
    """A hand that trembles: what moves before it must not become geometry."""
    faint = matches(np.array([0.08, 0, 0]), noise_px=noise_px)
    assert 0.6 < parallax_px(faint.here, faint.there, focal=FOCAL) < 1.5
    motion = relative_motion(faint, focal=FOCAL, guess=None, doubt=POSE_DOUBT)
    assert (motion is not None) == believed
