"""A textured board seen again after a way on which pose and unit drifted."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from vidmem.heads.geometry.camera import rays_of
from vidmem.heads.geometry.closing import close_loop
from vidmem.heads.geometry.corrections import Corrections
from vidmem.heads.geometry.current import Current
from vidmem.heads.geometry.metres import Metres
from vidmem.heads.geometry.places import place_seen_again
from vidmem.types import Card, Intrinsics, Keyframe

HEIGHT, WIDTH, FOCAL, DEPTH = 120, 160, 140.0, 2.0
CAMERA = Intrinsics(FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2)
SMALL = (HEIGHT // 2, WIDTH // 2)
random = np.random.default_rng(3)
TEXTURE = cv2.GaussianBlur(random.integers(0, 255, (400, 400)).astype(np.uint8), (0, 0), 2.0)
TEXTURE = cv2.normalize(TEXTURE, None, 0, 255, cv2.NORM_MINMAX)
SHIFT = 0.05
LONGER = 1.25
"""How much longer the unit has become on the way."""


def picture(x):
    left = 100 + round(x * FOCAL / DEPTH)
    return np.ascontiguousarray(TEXTURE[100 : 100 + HEIGHT, left : left + WIDTH])


def pose_at(x, y=0.0):
    pose = np.eye(4)
    pose[:2, 3] = x, y
    return pose


def keyframe(index, grey, pose, travel_px):
    inverse = torch.full(SMALL, 1 / DEPTH)
    state = {
        "grey": torch.from_numpy(grey),
        "pose": torch.from_numpy(pose),
        "inverse": inverse,
        "variance": (0.05 * inverse) ** 2,
        "known": torch.tensor(True),
    }
    card = Card(index, index / 30, 1.0, travel_px, 0, {})
    return Keyframe(card, np.zeros((1, 1, 3), np.uint8), {}, state)


def current(pose, inverse=1 / DEPTH * LONGER):
    camera = CAMERA.scaled(0.5, 0.5)
    return Current(
        grey=picture(SHIFT),
        rays=rays_of(camera, SMALL),
        camera=CAMERA,
        texture=np.ones(SMALL, np.float32),
        still=np.ones(SMALL, bool),
        inverse=np.full(SMALL, inverse, np.float32),
        variance=np.full(SMALL, (0.05 * inverse) ** 2, np.float32),
        pose=pose,
        given=None,
        started=True,
        metres=Metres(),
        scene=0,
        travel_px=1000.0,
        corrections=Corrections.empty(),
    )


def other_picture():
    return np.ascontiguousarray(255 - TEXTURE[-HEIGHT:, -WIDTH:])


def kept():
    first = keyframe(0, picture(0.0), pose_at(0.0), 0.0)
    return [first, keyframe(50, other_picture(), pose_at(1.0, 0.5), 500.0)]


def test_the_same_place_is_found_among_others_and_only_after_a_while():
    assert place_seen_again(picture(SHIFT), 1000.0, kept()).card.index == 0
    assert place_seen_again(picture(SHIFT), 100.0, kept()) is None
    assert place_seen_again(picture(SHIFT), 1000.0, kept()[1:]) is None


def test_a_closed_loop_takes_back_the_drift_and_spreads_it():
    keyframes = kept()
    closed = close_loop(current(pose_at(0.4, 0.1)), keyframes[0], keyframes)
    assert np.median(closed.inverse) == pytest.approx(1 / DEPTH, rel=0.03)
    np.testing.assert_allclose(closed.pose[:3, 3], (SHIFT, 0, 0), atol=0.03)
    first, middle = (closed.corrections.corrected(k) for k in keyframes)
    assert torch.equal(first.state["inverse"], keyframes[0].state["inverse"])
    ratio = float(middle.state["inverse"].mean() / keyframes[1].state["inverse"].mean())
    assert 1 / LONGER < ratio < 1, "half of the way has half of the drift"
    assert not torch.equal(middle.state["pose"], keyframes[1].state["pose"])


def test_what_agrees_is_left_alone():
    now = current(pose_at(SHIFT), 1 / DEPTH)
    assert close_loop(now, kept()[0], kept()) is now


def test_another_place_is_no_loop():
    keyframes = kept()
    now = replace(current(pose_at(0.4)), grey=other_picture())
    assert close_loop(now, keyframes[0], keyframes) is now


def test_corrections_survive_being_written():
    keyframes = kept()
    made = close_loop(current(pose_at(0.4)), keyframes[0], keyframes).corrections
    again = Corrections.read(made.written())
    for before, after in zip(
        map(made.corrected, keyframes), map(again.corrected, keyframes), strict=True
    ):
        assert torch.equal(before.state["inverse"], after.state["inverse"])
        assert torch.equal(before.state["pose"], after.state["pose"])
    assert Corrections.empty().written() == {}
