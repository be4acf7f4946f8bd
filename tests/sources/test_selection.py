"""Every n-th frame, a part, another size; and everything that cannot be opened."""

import io
import sys

import numpy as np
import pytest

from vidmem import types
from vidmem.errors import SourceError, TruncatedError
from vidmem.sources import open_source


def test_a_part_keeps_true_times_and_counts_from_zero(video):
    path = video(frames=50, options={"g": "10"})
    frames = list(open_source(path, start=0.5, end=1.5, every=5))
    assert [frame.index for frame in frames] == list(range(5))
    assert [frame.seconds for frame in frames] == pytest.approx([0.52, 0.72, 0.92, 1.12, 1.32])


def test_every_and_count(video):
    source = open_source(video(frames=13), every=4)
    assert source.frame_count == 4 == len(list(source))
    assert source.frames_per_second == pytest.approx(25 / 4)
    assert open_source(video(frames=13), start=0.1).frame_count is None


def test_size_is_width_and_height(video):
    assert next(iter(open_source(video(), size=(20, 10)))).size == (10, 20)


def test_a_source_can_be_iterated_again_and_left_in_the_middle(video):
    source = open_source(video())
    assert next(iter(source)).index == 0
    source.close()
    assert len(list(source)) == 12


def test_size_change_keeps_what_came_before_or_is_resized():
    arrays = [np.zeros((8, 8, 3), np.uint8)] * 2 + [np.zeros((8, 9, 3), np.uint8)]
    seen = []
    with pytest.raises(TruncatedError, match="--size 8 8"):
        seen.extend(f.index for f in iterate_into(open_source(arrays), seen))
    assert seen == [0, 1]
    assert [f.size for f in open_source(arrays, size=(6, 4))] == [(4, 6)] * 3


def iterate_into(source, seen):
    for frame in source:
        seen.append(frame.index)
    return []


def test_stream_that_changes_size(video, tmp_path):
    path = tmp_path / "joined.ts"
    parts = [video("a.ts"), video("b.ts", size=(64, 96))]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    seen = []
    with pytest.raises(TruncatedError, match="96x64"):
        iterate_into(open_source(path), seen)
    assert len(seen) == 12
    assert {f.size for f in open_source(path, size=(32, 24))} == {(24, 32)}


def test_arrays_of_every_allowed_shape():
    arrays = [np.full(shape, 7, np.uint8) for shape in ((5, 6), (5, 6, 1), (5, 6, 3), (5, 6, 4))]
    frames = list(open_source(iter(arrays), frames_per_second=10))
    assert all((frame.image == 7).all() and frame.size == (5, 6) for frame in frames)
    assert frames[3].seconds == pytest.approx(0.3)


def test_frames_keep_time_and_camera():
    camera = types.Intrinsics(10.0, 10.0, 8.0, 4.0)
    given = types.Frame(np.zeros((8, 16, 3), np.uint8), 5, 2.5, camera, np.eye(4))
    (frame,) = open_source([given], size=(8, 8))
    assert (frame.index, frame.seconds) == (0, 2.5)
    assert frame.intrinsics == types.Intrinsics(5.0, 10.0, 4.0, 4.0)
    assert (frame.camera_to_world == np.eye(4)).all()


@pytest.mark.parametrize(
    "bad",
    [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), "text", None, np.zeros((0, 4), np.uint8)],
)
def test_arrays_that_are_no_pictures(bad):
    with pytest.raises(SourceError):
        list(open_source([bad]))


def test_standard_input(video, monkeypatch):
    class Pipe(io.RawIOBase):
        """Reads forwards only."""

        def __init__(self, data):
            self.data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.data.readinto(buffer)

    pipe = io.BufferedReader(Pipe(video("clip.mkv").read_bytes()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
    assert [frame.index for frame in open_source("-")] == list(range(12))


REFUSED = {
    "missing.mp4": None,
    "text.mp4": b"This is no video.\n" * 50,
    "empty.mp4": b"",
    "zeros.mkv": bytes(5000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_video_is_refused_at_once(tmp_path, name):
    if REFUSED[name] is not None:
        (tmp_path / name).write_bytes(REFUSED[name])
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path / name)
    assert name in caught.value.what and caught.value.remedy


@pytest.mark.parametrize(
    "options",
    [
        {"every": 0},
        {"size": (0, 5)},
        {"size": (100_000, 100_000)},
        {"start": -1.0},
        {"start": 2.0, "end": 1.0},
        {"frames_per_second": 0.0},
    ],
)
def test_impossible_selections(video, options):
    with pytest.raises(SourceError):
        open_source(video(), **options)


def test_a_part_without_frames(video):
    with pytest.raises(SourceError, match="that part"):
        list(open_source(video(), start=100.0))


@pytest.mark.parametrize("what", ["camera:x", "a\0b.mp4", "/", "/dev/null"])
def test_other_names_that_open_nothing(what):
    with pytest.raises(SourceError):
        open_source(what)


def test_no_frames_at_all():
    with pytest.raises(SourceError, match="no frames"):
        list(open_source([]))
