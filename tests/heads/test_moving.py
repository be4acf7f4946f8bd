"""What moves with an object is told from what it leaves behind."""

import numpy as np
import pytest

from vidmem.heads.distractors import CERTAIN, STRIDE
from vidmem.heads.moving import APART_PX, contested, leaving, motion_of, parted

SHAPE = (96, 160)
STILL, STEP = (0.0, 0.0), (-2.0, 0.0)
"""Offsets to the frame before: what moves 2 pixels to the right was 2 to the left."""


def box(left, right, top=24, bottom=64):
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return mask


def cells(mask):
    return (CERTAIN * mask[::STRIDE, ::STRIDE]).astype(np.uint8)


def flow_of(*moving, ground=STILL):
    offsets = np.zeros((*SHAPE, 2), np.float32)
    offsets[:] = ground
    for mask, motion in moving:
        offsets[mask] = motion
    return offsets


@pytest.fixture
def leaking():
    """A mask of the object and of eight columns of a look-alike that came into view behind it."""
    return box(72, 120).astype(np.float32), cells(box(24, 72))


def test_what_moves_as_the_look_alike_beside_it_is_not_carried(leaking):
    inside, distractors = leaking
    lost = contested(inside, distractors, flow_of((box(80, 120), STEP)))
    assert np.array_equal(lost, box(72, 80))


def test_it_is_the_motion_against_each_other_that_counts(leaking):
    inside, distractors = leaking
    panned = flow_of((box(80, 120), (1.0, 3.0)), ground=(3.0, 3.0))
    assert np.array_equal(contested(inside, distractors, panned), box(72, 80))


@pytest.mark.parametrize("motion", [STILL, (-0.9 * APART_PX, 0.0)])
def test_nothing_is_lost_while_both_move_alike(leaking, motion):
    inside, distractors = leaking
    assert not contested(inside, distractors, flow_of((box(80, 120), motion))).any()


def test_a_limb_at_rest_stays_where_no_look_alike_is_beside_it(leaking):
    inside, _ = leaking
    offsets = flow_of((box(80, 120), STEP))
    assert not contested(inside, cells(box(0, 24)), offsets).any()
    speck = cells(box(68, 72, 40, 48))
    assert not contested(inside, speck, offsets).any()


def test_only_a_certain_look_alike_counts(leaking):
    inside, distractors = leaking
    assert not contested(inside, distractors // CERTAIN, flow_of((box(80, 120), STEP))).any()


def test_what_comes_out_beside_a_distractor_moves_otherwise():
    look_alike, coming = box(24, 80), box(80, 88)
    known = cells(look_alike | coming)
    free = leaving(known, flow_of((coming, STEP), ground=(0.5, 0.0)))
    assert free[coming].all() and not free[box(24, 56)].any()
    assert not leaving(known, flow_of(ground=(5.0, 1.0))).any()


def test_motion_is_against_what_is_around():
    part = box(40, 80)
    panned = flow_of((part, (3.0, 1.0)), ground=(5.0, 1.0))
    assert motion_of(part, part, panned) == pytest.approx([-2, 0])
    assert motion_of(part, np.zeros(SHAPE, bool), panned) is None


def test_parts_that_do_not_move_on_are_told_apart():
    gone_on, left = box(100, 112), box(24, 64)
    same, otherwise = parted(gone_on | left, flow_of((gone_on, STEP)), np.array(STEP))
    assert np.array_equal(same, gone_on) and np.array_equal(otherwise, left)


def test_of_an_object_that_rested_nothing_is_told():
    parts = box(100, 112) | box(24, 64)
    same, otherwise = parted(parts, flow_of((box(100, 112), STEP)), np.array(STILL))
    assert not same.any() and not otherwise.any()
