"""The entry answers in the order in which objects are given, directly and over the protocol."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidmem.testing import moving_square, truth

ENTRY = Path(__file__).parents[2] / "apps" / "vot_entry.py"


@pytest.fixture(scope="module")
def entry():
    pytest.importorskip("trax", reason="needs the extra vot")
    import vot_entry

    return vot_entry


@pytest.fixture(scope="module")
def video():
    return list(moving_square(6))


def overlap(mask, expected):
    return (mask.astype(bool) & expected).sum() / (mask.astype(bool) | expected).sum()


def test_objects_keep_their_places_whenever_they_are_given(entry, video):
    follower = entry.Follower("nano")
    corner = np.zeros((40, 20), np.uint8)
    corner[:30, :15] = 1
    assert len(follower.step(video[0].image, [corner])) == 1
    nothing = np.zeros_like(truth(video[1]))
    answers = follower.step(video[1].image, [nothing, truth(video[1])])
    assert [bool(mask.any()) for mask in answers] == [True, False, True]
    for frame in video[2:]:
        first, empty, square = follower.step(frame.image, [])
        assert first.shape == frame.size and first.dtype == np.uint8
        assert first[:30, :15].mean() > 0.8 and not empty.any()
        assert overlap(square, truth(frame)) > 0.6


def test_a_mask_is_as_large_as_the_image(entry):
    small = entry.whole(np.ones((2, 3), np.uint8), (4, 5))
    assert small.shape == (4, 5) and small.sum() == 6 and small[:2, :3].all()
    assert entry.whole(np.ones((9, 9), np.uint8), (4, 5)).all()


def test_the_program_speaks_the_protocol(entry, video, tmp_path):
    """Started as the toolkit starts it; every sequence begins anew."""
    from trax import FileImage, Mask
    from trax.client import Client

    paths = [tmp_path / f"{frame.index}.png" for frame in video]
    for path, frame in zip(paths, video, strict=True):
        Image.fromarray(frame.image).save(path)
    images = [{"color": FileImage.create(str(path))} for path in paths]
    program = subprocess.Popen(
        [sys.executable, str(ENTRY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    with program:
        client = Client(stream=(program.stdin.fileno(), program.stdout.fileno()), log=str)
        assert client.get("multiobject") and client.tracker_name == "vidmem"
        for _ in range(2):
            start = truth(video[0]).astype(np.uint8)
            answer, _ = client.initialize(images[0], [(Mask.create(start), {})], {})
            assert len(answer) == 1
            for image, frame in zip(images[1:4], video[1:4], strict=True):
                answer, _ = client.frame(image, {}, [])
                assert overlap(answer[0][0].array(normalize=True), truth(frame)) > 0.6
        late = truth(video[4]).astype(np.uint8)
        answer, _ = client.frame(images[4], {}, [(Mask.create(late), {})])
        assert len(answer) == 2
        client.quit()
        assert program.wait(20) == 0
