"""The newest frame wins; the others are counted."""

import threading
import time

import numpy as np
import pytest

from vidmem.errors import SourceError
from vidmem.sources import Latest, open_source
from vidmem.types import Frame


class Stepped:
    """A source that gives a frame whenever the test says so."""

    frames_per_second = 30.0
    frame_count = None

    def __init__(self):
        self.allowed = threading.Semaphore(0)
        self.error = None
        self.closed = False

    def give(self, count=1):
        self.allowed.release(count)
        time.sleep(0.05)

    def __iter__(self):
        index = 0
        while self.allowed.acquire(timeout=2) and not self.closed:
            if self.error:
                raise self.error
            yield Frame(np.zeros((4, 4, 3), np.uint8), index, index / 30)
            index += 1

    def close(self):
        self.closed = True
        self.allowed.release()


@pytest.fixture
def stepped():
    """A source and its newest frame."""
    source = Stepped()
    latest = Latest(source)
    yield source, latest
    latest.close()


def test_stale_frames_are_dropped_and_counted(stepped):
    source, latest = stepped
    source.give()
    assert latest.read().seconds == 0
    source.give(5)
    frame = latest.read()
    assert (frame.index, frame.seconds) == (1, 5 / 30), "numbered as handed out, timed as taken"
    assert latest.dropped == 4


def test_async_read_waits_only_so_long(stepped):
    source, latest = stepped
    begin = time.monotonic()
    with pytest.raises(SourceError, match="50 ms"):
        latest.async_read(timeout_ms=50)
    assert time.monotonic() - begin < 1
    threading.Timer(0.05, source.give).start()
    assert latest.async_read(timeout_ms=1000).index == 0


def test_read_latest_never_waits_and_may_repeat(stepped):
    source, latest = stepped
    with pytest.raises(SourceError):
        latest.read_latest(max_age_ms=100)
    source.give()
    assert latest.read_latest(max_age_ms=1000).index == latest.read_latest(max_age_ms=1000).index
    time.sleep(0.15)
    with pytest.raises(SourceError, match="100 ms"):
        latest.read_latest(max_age_ms=100)


def test_errors_of_the_source_arrive_after_its_frames(stepped):
    source, latest = stepped
    source.give()
    assert latest.read().index == 0
    source.give()
    source.error = SourceError("broken.", remedy="Mend it.")
    source.give()
    assert latest.read().index == 1
    with pytest.raises(SourceError, match="broken"):
        latest.read()


def test_iteration_ends_with_the_source_and_with_close(stepped):
    arrays = open_source([np.zeros((4, 4, 3), np.uint8)] * 20)
    indices = [frame.index for frame in Latest(arrays)]
    assert indices == list(range(len(indices))) and 1 <= len(indices) <= 20
    source, latest = stepped
    threading.Timer(0.1, latest.close).start()
    assert list(latest) == []
    assert source.closed
