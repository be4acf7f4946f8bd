"""What is done on a second core, and that nothing changes by it."""

import threading

import numpy as np
import pytest

from vidmem import Config, load
from vidmem.config import DepthConfig
from vidmem.engine.beside import Beside
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.testing import moving_square


def test_every_part_is_called_with_what_came_of_the_one_before_in_another_thread():
    threads = []

    def begin(first):
        threads.append(threading.get_ident())
        return lambda second: (first, second)

    beside = Beside()
    beside.begin(begin, 1)
    beside.go_on(2)
    assert beside.result() == (1, 2)
    assert threads != [threading.get_ident()]


def test_an_error_is_raised_where_the_result_is_asked_for_and_is_over_then():
    beside = Beside()
    beside.begin(lambda: 1 / 0)
    beside.go_on("features")
    with pytest.raises(ZeroDivisionError):
        beside.result()
    beside.begin(lambda: "next")
    assert beside.result() == "next"


PLAIN = Config(depth=DepthConfig(mono="off", memory="off"))


class InOnePiece:
    """The same depth, without the parts that can be done early."""

    def __init__(self):
        self._depth = GeometricDepth(DepthConfig())

    def estimate(self, frame, features, recall, masks):
        return self._depth.estimate(frame, features, recall, masks)


def test_depth_is_the_same_as_in_one_piece_after_the_masks():
    video = list(moving_square(12))
    beside = load("nano", config=PLAIN).run(video)
    alone = load("nano", config=PLAIN, depth=InOnePiece()).run(video)
    for one, other in zip(beside, alone, strict=True):
        assert np.array_equal(one.depth.inverse, other.depth.inverse)
        assert np.array_equal(one.depth.confidence, other.depth.confidence)


class Failing(GeometricDepth):
    """Its early part fails once."""

    def begin(self, frame, recall, *, carried=False):
        if frame.index == 2:
            raise ValueError("no depth today")
        return super().begin(frame, recall, carried=carried)


def test_a_depth_that_fails_early_fails_the_step_and_the_next_one_works():
    video = list(moving_square(5))
    engine = load("nano", config=Config(), depth=Failing(DepthConfig()))
    for frame in video[:2]:
        engine.step(frame)
    with pytest.raises(ValueError, match="no depth today"):
        engine.step(video[2])
    assert engine.step(video[3]).depth is not None
