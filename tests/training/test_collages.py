"""Collages hold what their labels say, whoever asks, and sources say what is wrong with them."""

import cv2
import numpy as np
import pytest

from vidmem.errors import SourceError
from vidmem.training.collages import Sources, collage
from vidmem.training.composites import SIZE, Canvas
from vidmem.training.cutouts import Cutouts, paste

HORSE, GRINNING, FLAG = "1f40e", "1f601", "1f3f3"


def drawn(folder, name, colour=(40, 90, 200), *, opaque=False):
    image = np.zeros((64, 64, 4), np.uint8)
    image[..., :3] = colour
    opacity = np.full((64, 64), 255, np.uint8) if opaque else np.zeros((64, 64), np.uint8)
    cv2.circle(opacity, (32, 32), 20, 255, -1)
    image[..., 3] = opacity
    cv2.imwrite(str(folder / f"{name}.webp"), image if not opaque else image[..., :3])


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cutouts")
    for name in (HORSE, f"{HORSE}-fe0f", FLAG, GRINNING):
        drawn(folder, name)
    random = np.random.default_rng(0)
    rooms = random.integers(0, 255, (3, 144, 192, 3)).astype(np.uint8)
    photographs = [random.integers(0, 255, (300, 400, 3)).astype(np.uint8)]
    return Sources(Cutouts(folder), photographs, rooms)


def test_a_seed_makes_one_picture(sources):
    one, again, other = (collage(seed, sources) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert (one.image != other.image).mean() > 0.5
    assert one.image.shape == (*SIZE, 3) and one.labels.shape == SIZE


def test_most_pictures_have_objects_of_many_sizes(sources):
    shares = [
        share
        for seed in range(12)
        for share in np.bincount(collage(seed, sources).labels.ravel(), minlength=2)[1:]
    ]
    assert len(shares) >= 12
    assert max(shares) > 5 * max(1, min(shares))


def test_signs_and_most_faces_are_left_out(sources):
    assert {path.stem for group in sources.cutouts.groups for path in group} == {
        HORSE,
        f"{HORSE}-fe0f",
    }


def test_a_cutout_covers_what_it_is_said_to(sources):
    random = np.random.default_rng(1)
    canvas = Canvas(random)
    cutout = sources.cutouts.any(random)
    paste(random, canvas, cutout, label=2, height=80.0, centre=(112.0, 84.0), harmony=0.0)
    inside = canvas.labels == 2
    assert 0.5 < inside.sum() / (np.pi * 40**2) < 2
    assert canvas.image[inside].mean() > 10 and canvas.image[~inside].max() < canvas.image.max()
    rows, columns = np.nonzero(inside)
    assert abs(rows.mean() - 84) < 8 and abs(columns.mean() - 112) < 8


def test_in_harmony_it_has_the_colours_behind_it(sources):
    def distance(harmony):
        random = np.random.default_rng(2)
        canvas = Canvas(random)
        canvas.image[:] = (20, 200, 20)
        cutout = sources.cutouts.any(random)
        paste(random, canvas, cutout, label=1, height=90.0, centre=(112.0, 84.0), harmony=harmony)
        return np.abs(canvas.image[canvas.labels == 1].mean(0) - (20, 200, 20)).max()

    assert distance(1.0) < 15 < distance(0.0)


def test_what_cannot_be_used_names_itself(tmp_path):
    with pytest.raises(SourceError, match="holds no cutouts"):
        Cutouts(tmp_path)
    drawn(tmp_path, HORSE, opaque=True)
    with pytest.raises(SourceError, match="no transparency"):
        Cutouts(tmp_path).any(np.random.default_rng(0))
    with pytest.raises(SourceError, match="holds no photographs"):
        Sources.of(tmp_path, tmp_path, tmp_path)
