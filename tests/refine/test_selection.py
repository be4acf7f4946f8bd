"""A mask is taken where appearance and agreement speak for it, and none where they do not."""

import numpy as np
import pytest

from vidmem.refine.selection import appearance_of, choose, overlap

SHAPE = (60, 80)


def disk(row, column, radius):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


TRUTH = disk(30, 30, 14)
COARSE = disk(31, 32, 14)
EVIDENCE = np.where(TRUTH, 0.8, -0.8).astype(np.float32)
ELSEWHERE, PART, BOTH = disk(30, 65, 10), TRUTH & (np.arange(80) < 26), TRUTH | disk(30, 52, 12)
ALIKE = np.ones(3) * 0.9


def pick(*masks, scores=ALIKE, by="appearance", evidence=EVIDENCE):
    return choose(np.stack(masks), COARSE, evidence, scores[: len(masks)], by=by)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_right_one_is_taken_wherever_it_stands(order):
    masks = [TRUTH, PART, BOTH]
    choice = pick(*(masks[i] for i in order))
    assert choice.index == order.index(0)
    assert choice.appearance > 0 and choice.agreement == pytest.approx(overlap(TRUTH, COARSE))


def test_without_a_right_one_the_coarse_mask_stays():
    assert pick(ELSEWHERE, PART, BOTH).index is None
    assert pick(np.zeros(SHAPE, bool), ELSEWHERE, ELSEWHERE).index is None


def test_a_high_score_does_not_save_a_wrong_mask():
    assert pick(ELSEWHERE, TRUTH, scores=np.array([1.0, 0.5, 0])).index == 1


def test_what_looks_right_but_lies_elsewhere_is_refused():
    evidence = np.where(ELSEWHERE | COARSE, 0.8, -0.8).astype(np.float32)
    assert pick(ELSEWHERE, ELSEWHERE, ELSEWHERE, evidence=evidence).index is None


def test_a_mask_that_agrees_but_looks_worse_is_refused():
    worse = disk(33, 35, 15)
    assert overlap(worse, COARSE) > 0.59
    assert pick(worse, worse, worse).index is None


def test_by_score_the_highest_is_taken_if_it_agrees():
    worse = disk(33, 35, 15)
    scores = np.array([0.2, 0.9, 0.1])
    assert pick(TRUTH, worse, PART, scores=scores, by="score").index == 1
    assert pick(TRUTH, ELSEWHERE, PART, scores=scores, by="score").index is None


def test_writing_back_asks_for_more():
    assert pick(TRUTH, PART, BOTH).may_be_written
    assert not pick(TRUTH, PART, BOTH, scores=ALIKE / 2).may_be_written
    assert not pick(COARSE, PART, BOTH).may_be_written, "it gains nothing"
    assert not pick(ELSEWHERE, PART, BOTH).may_be_written


def test_appearance_falls_for_too_little_and_too_much():
    whole, part, both, nothing = appearance_of(
        np.stack([TRUTH, PART, BOTH, np.zeros(SHAPE, bool)]), COARSE, EVIDENCE
    )
    assert whole > part > nothing and whole > both > nothing


def test_a_mask_over_the_whole_picture_is_no_error():
    everything = np.ones(SHAPE, bool)
    choice = choose(everything[None], everything, np.ones(SHAPE, np.float32), np.ones(1))
    assert choice.index == 0 and choice.agreement == 1
