"""Bit flips, cuts and garbage: always a VidmemError with cause and remedy, or good frames.

Never another exception, more than ten seconds, or twice the memory.
"""

import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from vidmem.errors import VidmemError
from vidmem.sources import open_source, read_annotations

LONGEST_SECONDS = 10.0
MOST_FRAMES = 2000
VIDEOS = {
    "clip.mp4": {},
    "clip.mkv": {},
    "clip.ts": {},
    "clip.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "clip.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "hevc.mp4": {
        "codec": "libx265",
        "pixels": "yuv420p10le",
        "options": {"x265-params": "log-level=none"},
    },
    "clip.mov": {"codec": "prores_ks", "pixels": "yuv422p10le"},
    "interlaced.mpg": {"codec": "mpeg2video"},
}
IMAGES = ("image.png", "image.jpg", "image.bmp", "image.tif", "image.webp")


def peak_bytes():
    """The process's highest resident size since the last ``forget_peak``."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    return 0


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def check(what, read=open_source):
    """Read everything that can be read."""
    before = forget_peak()
    begin = time.monotonic()
    try:
        for count, frame in enumerate(read(what)):
            if read is open_source:
                assert frame.image.dtype == np.uint8
            assert count < MOST_FRAMES
    except VidmemError as error:
        assert error.what.strip() and error.remedy.strip()
    assert time.monotonic() - begin < LONGEST_SECONDS
    assert peak_bytes() < 2 * before


@pytest.fixture(scope="module")
def originals(tmp_path_factory, write_video):
    """One good file of every kind."""
    folder = tmp_path_factory.mktemp("originals")
    for name, options in VIDEOS.items():
        write_video(folder / name, **options)
    array = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for name in IMAGES:
        Image.fromarray(array).save(folder / name)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def damage(data, seed):
    """Flip bits, cut, repeat, overwrite or insert, as ``seed`` says."""
    chance = random.Random(seed)
    data = bytearray(data)
    place = chance.randrange(len(data))
    # Headers hold what hurts most.
    place = place if chance.random() < 0.5 else chance.randrange(min(1500, len(data)))
    kind = seed % 6
    if kind <= 1:
        for _ in range(chance.choice([1, 4, 30])):
            data[chance.randrange(place + 1)] ^= 1 << chance.randrange(8)
    elif kind == 2:
        del data[place:]
    elif kind == 3:
        data[place : place + 64] = chance.randbytes(64)
    elif kind == 4:
        data[place : place + 8] = b"\xff" * 8
    else:
        data[place:place] = data[: chance.randrange(1, 400)]
    return bytes(data)


def test_damaged_files(originals, tmp_path):
    """Over five hundred cases."""
    for name, data in originals.items():
        for seed in range(42):
            path = tmp_path / f"{seed}-{name}"
            path.write_bytes(damage(data, seed))
            check(path)
            path.unlink()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(["a.mp4", "a.mkv", "a.png", "a.jpg", "a.gif", "a", "a.json"]),
    start=st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"\x1aE\xdf\xa3",
            b"RIFF",
            b"\0\0\0\x18ftypmp42",
            b"GIF89a",
            b"G",
            b"{",
        ]
    ),
    rest=st.binary(max_size=400),
)
def test_garbage(tmp_path, name, start, rest):
    path = tmp_path / name
    path.write_bytes(start + rest)
    check(path, read_annotations if name.endswith("json") else open_source)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(),
            st.text(max_size=3),
            st.tuples(
                st.sampled_from(["uint8", "float32", "bool", "int64"]),
                st.lists(st.integers(0, 5), max_size=4),
            ).map(lambda kind: np.zeros(kind[1], kind[0])),
        ),
        max_size=4,
    )
)
def test_any_iterable(items):
    check(items)
