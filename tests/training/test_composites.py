"""Flat pictures: reproducible, varied, and their labels are where their figures are."""

import numpy as np

from vidmem.training.composites import SIZE, Canvas, composite
from vidmem.training.figures import BUILDERS, figure, quad


def test_a_seed_gives_the_same_picture_every_time():
    first, second = composite(3), composite(3)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert (composite(4).image != first.image).any()


def test_most_pictures_show_a_figure():
    found = [composite(seed) for seed in range(12)]
    assert all(each.image.shape == (*SIZE, 3) for each in found)
    assert sum((each.labels > 0).mean() > 0.005 for each in found) >= 9
    assert max(each.labels.max() for each in found) >= 2


def test_what_is_painted_is_labelled_and_what_is_painted_over_is_not():
    canvas = Canvas(np.random.default_rng(0), (40, 60))
    white = np.full((40, 60, 3), 255, np.float32)
    canvas.fill(quad(20, 20, 10, 10), white, 3)
    canvas.fill(quad(30, 20, 5, 10), 0 * white, 0)
    assert (canvas.labels[12:28, 12:23] == 3).all()
    assert (canvas.labels[12:28, 27:34] == 0).all()
    assert canvas.image[20, 15].min() > 60 and canvas.image[20, 30].max() == 0


def test_every_figure_is_about_one_unit_large():
    random = np.random.default_rng(5)
    for build in BUILDERS:
        points = np.concatenate([outline for outline, _ in build(random)])
        assert 0.2 < np.ptp(points, axis=0).max() < 3.5
        assert np.isfinite(points).all()
    assert all(material >= 0 for _, material in figure(random))
