"""What is remembered of an object tells when what is left of it is something else."""

import numpy as np
import pytest
import torch

from vidmem.heads.track import HIDING_AREA, STILL_FRAMES, Track
from vidmem.types import ObjectMemory

SHAPE = (96, 160)


def box(left, right):
    mask = np.zeros(SHAPE, bool)
    mask[24:64, left:right] = True
    return mask


def flow_of(moving):
    offsets = np.zeros((*SHAPE, 2), np.float32)
    offsets[moving] = (-2, 0)
    return offsets


@pytest.fixture
def sure():
    return Track().sure(0.8, 0.5, box(40, 120), flow_of(box(40, 120)))


def test_it_is_read_back_from_an_objects_state(sure):
    known = ObjectMemory(1, "it", 0, 0, 0.0, 1.0, (), {"track": sure.tensor()})
    assert Track.of(known) == sure == Track(0.8, 0.5, 40.0 * 80, motion_x=-2.0)


def test_a_state_that_was_saved_without_motion_is_read():
    saved = torch.tensor((0.8, 0.5, 100.0, 0.0, 0.0), dtype=torch.float64)
    known = ObjectMemory(1, "it", 0, 0, 0.0, 1.0, (), {"track": saved})
    assert Track.of(known) == Track(0.8, 0.5, 100.0)


def test_what_stays_behind_is_a_stranger_while_the_rest_moves_on(sure):
    left, rest = box(40, 60), box(100, 120)
    strangers, track = sure.strangers(left | rest, flow_of(rest))
    assert np.array_equal(strangers, left) and track.still_frames == 0


def test_nothing_that_moves_on_is_believed_only_after_some_frames(sure):
    left, track = box(40, 60), sure
    for _ in range(STILL_FRAMES - 1):
        strangers, track = track.strangers(left, flow_of(box(0, 0)))
        assert strangers is None
    strangers, _ = track.strangers(left, flow_of(box(0, 0)))
    assert np.array_equal(strangers, left)
    _, moved = track.strangers(left, flow_of(left))
    assert moved.still_frames == 0


def test_a_whole_object_may_stop(sure):
    whole = box(40, 40 + int(80 * HIDING_AREA) + 1)
    assert sure.strangers(whole, flow_of(box(0, 0)))[0] is None


def test_a_found_object_may_move_anywhere(sure):
    found = sure.back()
    assert (found.area_px, found.motion_x) == (sure.area_px, 0)
    assert found.strangers(box(40, 60), flow_of(box(0, 0)))[0] is None
