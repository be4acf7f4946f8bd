"""Moving collages: a seed makes one video; objects move as their paths say."""

from dataclasses import replace

import numpy as np
import pytest

from vidmem.training.layers import Thing, draw
from vidmem.training.moving_collages import SIZE, moving_collage
from vidmem.training.trajectories import Manner, smooth, trajectory


def square():
    surface = np.zeros((60, 80, 4), np.float32)
    surface[20:40, 30:50] = (200, 10, 10, 1)
    return Thing(surface, (40.0, 30.0))


def drawn(layer, frame):
    labels = np.zeros((60, 80), np.uint8)
    picture = draw(np.full((60, 80, 3), 50, np.float32), labels, layer, frame)
    return picture, labels


def test_a_seed_makes_one_video(one_cutout):
    one, again, other = (moving_collage(seed, one_cutout, frames=3) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.images, again.images)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert (one.images != other.images).mean() > 0.5
    assert one.images.shape == (3, *SIZE, 3) and one.labels.shape == (3, *SIZE)


def test_videos_have_objects_and_they_change_place(one_cutout):
    videos = [moving_collage(seed, one_cutout, frames=8) for seed in range(4)]
    moved = [(v.labels[0] != v.labels[7]).mean() for v in videos if (v.labels[0] == 1).any()]
    assert len(moved) >= 3 and max(moved) > 0.01


def test_a_layer_follows_its_path():
    still = trajectory(np.random.default_rng(0), 9, (40, 30), Manner())
    moving = trajectory(np.random.default_rng(0), 9, (40, 30), Manner((2.0, 1.0)))
    _, start = drawn(square().on(still, 5), 8)
    _, end = drawn(square().on(moving, 5), 8)
    assert set(np.unique(start)) == {0, 5}
    np.testing.assert_array_equal(np.roll(start, (8, 16), (0, 1)), end)


def test_between_frames_it_is_between_places():
    moving = trajectory(np.random.default_rng(0), 9, (40, 30), Manner((2.0, 0.0)))
    picture, labels = drawn(square().on(moving, 1), 0.5)
    assert np.nonzero(labels.any(0))[0][0] == 31
    assert picture[30, 20, 0] == 50 and picture[30, 40, 0] == 200


def test_zoom_grows_and_bending_bends():
    random = np.random.default_rng(1)
    grown = replace(trajectory(random, 9, (40, 30), Manner()), scale=np.linspace(1, 1.5, 9))
    zoomed = trajectory(random, 9, (40, 30), Manner(zoom=0.1)).scale
    bent = trajectory(random, 9, (40, 30), Manner(size=20, bend=0.2))
    start, larger = (drawn(square().on(grown, 1), frame)[1].sum() for frame in (0, 8))
    assert larger == pytest.approx(2.25 * start, rel=0.1)
    assert zoomed[0] == 1 and np.ptp(zoomed) > 0.1
    outline = np.unique(drawn(square().on(bent, 1), 0)[1].sum(0))
    assert len(outline) > 3, "its upper edge is no line any more"


def test_a_look_alike_is_the_mirror_image():
    thing = square()
    thing.surface[20:30, 30:50] = (10, 10, 200, 1)
    other = thing.look_alike(np.random.default_rng(0))
    assert other.surface.shape == thing.surface.shape and other.pivot == (39.0, 30.0)
    np.testing.assert_array_equal(other.surface[..., 3], thing.surface[:, ::-1, 3])


def test_smooth_courses_are_smooth_and_as_wide_as_promised():
    courses = np.stack([smooth(np.random.default_rng(seed), 20) for seed in range(200)])
    assert courses.std() == pytest.approx(1, abs=0.1)
    assert abs(np.diff(courses)).mean() < 0.25
