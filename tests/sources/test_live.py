"""A camera that stalls, sends garbage, changes size, disconnects and comes back."""

import time

import numpy as np
import pytest

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources import live, open_source
from vidmem.sources.camera import without_password
from vidmem.sources.live import live_source
from vidmem.sources.pictures import Selection


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Tests have no seconds to wait."""
    monkeypatch.setattr(live, "FIRST_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(live, "FIRST_PATIENCE", 0.3)
    monkeypatch.setattr(live, "GAP_SECONDS", 0.15)


def image(value, size=(8, 8)):
    return np.full((*size, 3), value, np.uint8)


def script(*connections):
    """A device that behaves as written, one list per connection; then it is gone."""
    waiting = list(connections)

    def connect():
        if not waiting:
            raise SourceError("gone.", remedy="Buy another.")
        for step in waiting.pop(0):
            if isinstance(step, float):
                time.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    return connect


def collect(connect, patience=0.3):
    frames = []
    source = live_source(connect, Selection(), name="camera", patience_seconds=patience)
    with pytest.raises((SourceError, TruncatedError)) as caught:
        for frame in source:
            frames.append(frame)
    return frames, caught.value


def test_reconnects_and_tells_the_gap():
    broken = SourceError("unplugged.", remedy="Plug it in.")
    frames, error = collect(script([image(1), image(2), broken], [broken], [image(3), image(4)]))
    assert [frame.image[0, 0, 0] for frame in frames] == [1, 2, 3, 4]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    gaps = [frame.gap_seconds for frame in frames]
    assert gaps[:2] == [0.0, 0.0] and gaps[3] == 0.0 and 0.05 < gaps[2] < 1.0
    assert frames[2].seconds - frames[1].seconds == pytest.approx(gaps[2], abs=0.05)
    assert isinstance(error, TruncatedError) and "gone" in error.what


def test_a_stall_is_a_gap():
    frames, _ = collect(script([image(1), 0.25, image(2)]))
    assert frames[1].gap_seconds > 0.2


def test_a_slow_consumer_makes_no_gap():
    source = live_source(
        script([image(value) for value in range(8)]), Selection(), name="c", patience_seconds=0.1
    )
    gaps = []
    with pytest.raises(TruncatedError):
        for frame in source:
            time.sleep(0.2)
            gaps.append(frame.gap_seconds)
    assert gaps == [0.0] * 8


def test_a_new_size_is_fitted_to_the_first():
    frames, _ = collect(script([image(1)], [image(2, (16, 12)), image(3)]))
    assert {frame.size for frame in frames} == {(8, 8)}


def test_waiting_grows_and_gives_up():
    tries = []

    def connect():
        tries.append(time.monotonic())
        raise SourceError("no answer.", remedy="Wait.")

    with pytest.raises(SourceError, match="no answer") as caught:
        next(iter(live_source(connect, Selection(), name="camera", patience_seconds=9.0)))
    assert not isinstance(caught.value, TruncatedError)
    waits = np.diff(tries)
    assert 3 <= len(tries) <= 6 and (waits[1:] > 1.5 * waits[:-1]).all()


def test_a_camera_that_is_not_there():
    with pytest.raises(SourceError, match="camera"):
        next(iter(open_source("camera:63")))


def test_passwords_are_not_shown():
    assert without_password("rtsp://me:secret@host:554/a") == "rtsp://host:554/a"
    with pytest.raises(SourceError) as caught:
        next(iter(open_source("rtsp://me:secret@127.0.0.1:9/a")))
    assert "secret" not in str(caught.value)
