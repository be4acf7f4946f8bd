"""A textured room seen by a moving camera, through the real engine."""

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config, DepthConfig
from vidmem.engine import load
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.types import Frame, Intrinsics

HEIGHT, WIDTH, FOCAL = 120, 160, 140.0
CAMERA = Intrinsics(FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2)
random = np.random.default_rng(3)
TEXTURE = cv2.GaussianBlur(random.integers(0, 255, (512, 512, 3)).astype(np.uint8), (0, 0), 1.5)
TEXTURE = cv2.normalize(TEXTURE, None, 0, 255, cv2.NORM_MINMAX)


def view(x, camera=CAMERA, index=0, pose=None, turn=0.0):
    """A wall 4 away with a nearer board 2 away in the middle, from position x."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    a = (columns - WIDTH / 2) / FOCAL
    b = (rows - HEIGHT / 2) / FOCAL
    forward = np.cos(turn) - a * np.sin(turn)
    a, b = (a * np.cos(turn) + np.sin(turn)) / forward, b / forward
    near = (np.abs(2 * a + x) < 0.5) & (np.abs(2 * b) < 0.5)
    depth = np.where(near, 2.0, 4.0)
    u = ((depth * a + x) * 70 + 200 + 90 * near).astype(np.float32)
    v = (depth * b * 70 + 200 + 90 * near).astype(np.float32)
    image = cv2.remap(TEXTURE, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return Frame(image, index, index / 30, camera, pose), depth


def run(frames):
    engine = load("nano", depth=GeometricDepth(DepthConfig()), config=Config())
    depths = [result.depth for result in engine.run(frames)]
    for depth in depths:
        assert np.isfinite(depth.inverse).all()
        assert (depth.inverse > 0).all()
        assert ((depth.confidence >= 0) & (depth.confidence <= 1)).all()
    return depths


def pose_at(x):
    pose = np.eye(4)
    pose[0, 3] = x
    return pose


def test_poses_give_metres():
    frames = [view(0.04 * i, index=i, pose=pose_at(0.04 * i)) for i in range(12)]
    last = run([frame for frame, _ in frames])[-1]
    assert last.metric
    ratio = last.inverse * frames[-1][1]
    good = last.confidence > np.median(last.confidence)
    assert np.median(ratio[good]) == pytest.approx(1, rel=0.15)


def test_a_black_frame_is_survived_and_the_depth_held():
    frames = [view(0.04 * i, index=i, pose=pose_at(0.04 * i))[0] for i in range(10)]
    frames[8] = Frame(np.zeros_like(frames[8].image), 8, 8 / 30, CAMERA, pose_at(0.32))
    depths = run(frames)
    assert bool(depths[7].state["started"])
    assert depths[8].confidence.mean() < depths[7].confidence.mean()
    assert [depth.scene for depth in depths] == [0] * 10


def test_a_still_camera_and_a_turning_one_are_unsure():
    still = run([view(0.0, index=i)[0] for i in range(8)])[-1]
    turning = run([view(0.0, index=i, turn=0.01 * i)[0] for i in range(8)])[-1]
    assert still.confidence.mean() < 0.3
    assert turning.confidence.mean() < 0.3
    assert still.inverse[-10:].mean() > still.inverse[:10].mean(), "what is lower is nearer"


def test_absurd_cameras_are_replaced_and_named_assumed():
    bad = Intrinsics(float("nan"), 1e9, -5.0, 0.0)
    broken = np.full((4, 4), np.nan)
    depths = run([view(0.04 * i, bad, i, broken)[0] for i in range(6)])
    assert depths[-1].intrinsics.assumed
    assert not depths[-1].metric


def test_a_cut_starts_a_new_scene():
    frames = [view(0.04 * i, index=i)[0] for i in range(4)]
    other = 255 - cv2.resize(TEXTURE[:60, :60], (WIDTH, HEIGHT))
    frames += [Frame(other, 4, 4 / 30, CAMERA)]
    assert [depth.scene for depth in run(frames)] == [0, 0, 0, 0, 1]


def test_it_keeps_nothing_to_itself():
    frames = [view(0.04 * i, index=i)[0] for i in range(8)]
    first, second = run(frames), run(frames)
    assert torch.equal(first[-1].state["inverse"], second[-1].state["inverse"])


def test_what_was_begun_with_another_picture_is_not_used():
    frames = [view(0.04 * i, index=i)[0] for i in range(11)]
    depth = GeometricDepth(DepthConfig())
    engine = load("nano", depth=depth, config=Config())
    list(engine.run(frames[:10]))
    recall = engine.memory.read(10)
    features = engine.models.encode(frames[10], recall.previous)
    masks = engine.models.segment(features, recall, ())
    right = depth.begin(frames[10], recall)(features)(masks)
    other = Frame(255 - frames[10].image, 10, 10 / 30, CAMERA)
    still_right = depth.begin(other, recall)(features)(masks)
    compared = "compared.flow"
    assert torch.equal(still_right.state[compared], right.state[compared])
    assert compared not in depth.carry(frames[10], features, recall, masks).state


def test_what_moves_before_a_still_camera_makes_no_geometry():
    frames = []
    for i in range(14):
        image = view(0.0, index=i)[0].image.copy()
        image[5:85, 5 + 2 * i : 85 + 2 * i] = TEXTURE[:80, :80]
        frames.append(Frame(image, i, i / 30, CAMERA))
    depths = run(frames)
    assert not any(bool(depth.state["started"]) for depth in depths)
