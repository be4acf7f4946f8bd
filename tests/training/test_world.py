"""The world tells the truth: pictures, flow, depth and poses agree with each other."""

import cv2
import numpy as np
import pytest

from vidmem.training.staging import make_clip, make_world, small_clip
from vidmem.training.world import Clip, WorldConfig
from vidmem.types import Intrinsics

CLEAN = WorldConfig(
    frames=6, height=64, width=96, occluders=1, travel=2.0, speed=2.0, exposure=0, white_balance=0,
    motion_blur=0, noise=0, rolling_noise=0, jpeg_quality=None,
)  # fmt: skip


@pytest.fixture(scope="module", params=[0, 1, 2])
def clip(request: pytest.FixtureRequest) -> Clip:
    return make_clip(CLEAN, seed=request.param)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


def _points(depth: np.ndarray, camera: Intrinsics) -> np.ndarray:
    x, y = _grid(*depth.shape)
    rays = np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], -1)
    return rays * depth[..., None]


def _warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    x, y = _grid(*flow.shape[:2])
    return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)


def test_flow_carries_the_previous_picture(clip: Clip) -> None:
    carried, still = [], []
    for t in range(1, len(clip)):
        now, before = clip.images[t].astype(float), clip.images[t - 1].astype(float)
        where = clip.visible[t] & (np.hypot(*np.moveaxis(clip.flow[t], -1, 0)) > 0.5)
        if where.sum() < 50:
            continue
        carried.append(np.abs(_warp(before, clip.flow[t]) - now)[where].mean())
        still.append(np.abs(before - now)[where].mean())
    assert np.mean(carried) < 8
    assert np.mean(carried) < 0.8 * np.mean(still)


def test_flow_carries_the_previous_labels_exactly_inside(clip: Clip) -> None:
    for t in range(1, len(clip)):
        x, y = _grid(*clip.labels[t].shape)
        column = np.round(x + clip.flow[t, ..., 0])[clip.visible[t]].astype(int)
        row = np.round(y + clip.flow[t, ..., 1])[clip.visible[t]].astype(int)
        assert (clip.labels[t - 1][row, column] == clip.labels[t][clip.visible[t]]).all()


def test_background_flow_is_depth_and_pose(clip: Clip) -> None:
    for t in range(1, len(clip)):
        points = _points(clip.depth_m[t], clip.intrinsics[t])
        move = np.linalg.inv(clip.poses[t - 1]) @ clip.poses[t]
        moved = points @ move[:3, :3].T + move[:3, 3]
        camera = clip.intrinsics[t - 1]
        x, y = _grid(*clip.depth_m[t].shape)
        u = moved[..., 0] / moved[..., 2] * camera.fx + camera.cx - x
        v = moved[..., 1] / moved[..., 2] * camera.fy + camera.cy - y
        still = clip.labels[t] == 0
        error = np.abs(np.stack([u, v], -1) - clip.flow[t])[still]
        assert error.max() < 0.02


def test_depth_agrees_between_frames(clip: Clip) -> None:
    t = len(clip) - 1
    points = _points(clip.depth_m[t], clip.intrinsics[t])
    move = np.linalg.inv(clip.poses[t - 1]) @ clip.poses[t]
    expected = (points @ move[:3, :3].T + move[:3, 3])[..., 2]
    seen = _warp(clip.depth_m[t - 1], clip.flow[t])
    where = clip.visible[t] & (clip.labels[t] == 0)
    assert np.median(np.abs(seen - expected)[where] / expected[where]) < 0.01


def test_most_points_were_seen_and_some_were_not(clip: Clip) -> None:
    assert 0.7 < clip.visible[1:].mean() < 1.0
    assert not clip.visible[0].any()
    assert not clip.flow[0].any()


def test_a_seed_reproduces_a_clip_and_another_seed_does_not() -> None:
    config = WorldConfig(frames=3, height=32, width=48)
    first, again, other = (make_clip(config, seed=s) for s in (5, 5, 6))
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.depth_m, again.depth_m)
    assert not np.array_equal(first.images, other.images)


def test_frames_do_not_depend_on_the_order_they_are_asked_for() -> None:
    config = WorldConfig(frames=9, height=32, width=48)
    world = make_world(config, seed=3)
    late = world.frame(7)
    in_order = [make_world(config, seed=3).frame(i) for i in (6, 7)][1]
    assert np.array_equal(late.image, in_order.image)
    assert np.array_equal(late.visible, in_order.visible)
    assert np.array_equal(world.labels(7), late.labels)
    with pytest.raises(IndexError):
        world.frame(9)


def test_frames_come_as_a_source_delivers_them() -> None:
    clip = small_clip(frames=4)
    frames = list(clip.frames())
    assert [f.index for f in frames] == [0, 1, 2, 3]
    assert frames[3].seconds == pytest.approx(0.1)
    assert frames[0].size == (48, 64)
    assert frames[0].intrinsics == clip.intrinsics[0]
    assert np.array_equal(frames[2].image, clip.images[2])


def test_presence_follows_the_labels() -> None:
    clip = small_clip(objects=2)
    assert set(clip.names) == {1, 2}
    for number in clip.names:
        assert (clip.presence(number) == [(x == number).any() for x in clip.labels]).all()
    assert clip.presence(1).any()
    assert not clip.presence(9).any()
    assert set(np.unique(clip.labels)) <= {0, 1, 2}


@pytest.mark.parametrize("place", ["room", "street", "field"])
def test_every_place_has_texture_and_finite_depth(place: str) -> None:
    config = WorldConfig(frames=2, height=48, width=64, place=place)  # type: ignore[arg-type]
    clip = make_clip(config, seed=1)
    assert clip.images.std() > 10
    assert np.isfinite(clip.depth_m).all()
    assert clip.depth_m.min() > 0.1 and clip.depth_m.max() < 200


def test_camera_effects_change_pictures_but_not_truth() -> None:
    rough = WorldConfig(frames=3, height=48, width=64, noise=1, motion_blur=1, jpeg_quality=40)
    clean = WorldConfig(frames=3, height=48, width=64, noise=0, motion_blur=0, jpeg_quality=None)
    one, two = make_clip(rough, seed=4), make_clip(clean, seed=4)
    assert np.array_equal(one.labels, two.labels)
    assert np.array_equal(one.flow, two.flow)
    assert not np.array_equal(one.images, two.images)
