"""Decoding runs beside the model, a few frames ahead and no more."""

import threading
import time

import numpy as np
import pytest

from vidmem.sources import open_source
from vidmem.sources.prefetch import AHEAD, prefetch


def test_bounded_and_in_a_thread():
    made, names = [], set()

    def items():
        for value in range(100):
            made.append(value)
            names.add(threading.current_thread().name)
            yield value

    stream = prefetch(items(), threading.Event())
    assert next(stream) == 0
    time.sleep(0.3)
    assert len(made) <= AHEAD + 2
    assert list(stream) == list(range(1, 100)) and threading.current_thread().name not in names


def test_both_sides_work_at_the_same_time():
    def items():
        for value in range(10):
            time.sleep(0.03)
            yield value

    begin = time.monotonic()
    for _ in prefetch(items(), threading.Event()):
        time.sleep(0.03)
    assert time.monotonic() - begin < 0.5, "0.6 s one after the other"


def test_errors_come_after_the_items_before_them():
    def items():
        yield 1
        raise ValueError("broken")

    stream = prefetch(items(), threading.Event())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="broken"):
        next(stream)


def test_leaving_early_ends_the_thread():
    before = threading.active_count()
    source = open_source(np.zeros((4, 4, 3), np.uint8) for _ in range(10**9))
    for frame in source:
        if frame.index == 5:
            break
    source.close()
    deadline = time.monotonic() + 3
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() == before
