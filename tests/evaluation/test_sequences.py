"""Labelled videos: which objects are given where, and what is refused."""

import cv2
import numpy as np
import pytest

from vidmem.errors import SourceError
from vidmem.evaluation.sequences import Track, find_tracks, find_videos, open_video

SIZE = (32, 48)


def labels(*ids):
    """One 8 x 8 square per id, side by side."""
    image = np.zeros(SIZE, np.uint8)
    for position, object_id in enumerate(ids):
        image[8:16, 2 + 10 * position : 10 + 10 * position] = object_id
    return image


def write(folder, masks, *, frames=6):
    """``frames`` pictures, and masks by position."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for index in range(frames):
        cv2.imwrite(str(folder / f"images/{index:05}.jpg"), np.zeros((*SIZE, 3), np.uint8))
    for index, mask in masks.items():
        cv2.imwrite(str(folder / f"masks/{index:05}.png"), mask)
    return open_video(folder.name, folder / "images", folder / "masks")


def test_as_in_davis_the_first_and_last_picture_do_not_count(tmp_path):
    video = write(tmp_path / "toy", {index: labels(1, 2) for index in range(6)})
    assert find_tracks(video) == (Track(1, 0, (1, 2, 3, 4)), Track(2, 0, (1, 2, 3, 4)))


def test_where_few_pictures_are_labelled_those_count(tmp_path):
    video = write(tmp_path / "toy", {0: labels(3), 2: labels(3), 4: labels(3)})
    assert find_tracks(video) == (Track(3, 0, (2,)),)
    assert find_tracks(video, last=True) == (Track(3, 0, (2, 4)),)


def test_objects_that_appear_later_are_given_where_they_are_first_labelled(tmp_path):
    video = write(tmp_path / "toy", {1: labels(1), 3: labels(1, 2), 5: labels(1, 2, 255)})
    assert find_tracks(video) == (Track(1, 1, (3,)),), "only the first mask is followed"
    assert find_tracks(video, late=True, last=True) == (Track(1, 1, (3, 5)), Track(2, 3, (5,)))


def test_one_object_of_255_is_object_one_and_beside_others_nobody_knows(tmp_path):
    video = write(tmp_path / "toy", {0: labels(255), 1: labels(2, 255)})
    assert set(np.unique(video.labels(0))) == {0, 1}
    assert set(np.unique(video.labels(1))) == {0, 2, 255}
    other = write(tmp_path / "other", {0: labels(1), 1: labels(255)})
    assert set(np.unique(other.labels(1))) == {0, 255}, "object 1 is gone, it did not become 255"


def test_what_is_missing_is_named(tmp_path):
    video = write(tmp_path / "toy", {0: labels(1)})
    with pytest.raises(SourceError, match=r"no mask for 00003\.jpg"):
        video.labels(3)
    with pytest.raises(SourceError, match="6 images and 1 masks"):
        find_videos(tmp_path)
    with pytest.raises(SourceError, match="no sequence other"):
        find_videos(tmp_path, ["other"])
    (tmp_path / "toy/masks/00000.png").write_text("no picture")
    with pytest.raises(SourceError, match=r"00000\.png cannot be read"):
        video.labels(0)
    (tmp_path / "toy/masks/later.png").write_text("")
    with pytest.raises(SourceError, match=r"the mask later\.png of no image"):
        find_videos(tmp_path)
