"""Distractors: what looks like the object beside it is marked, carried, and kept apart."""

import numpy as np

from vidmem.heads.distractors import CERTAIN, beside, carried, certain, first, reach, share


def block(left, top=20, size=16, shape=(64, 96)):
    mask = np.zeros(shape, bool)
    mask[top : top + size, left : left + size] = True
    return mask


def test_a_look_alike_apart_from_a_prompted_mask_is_certain():
    marked = first(block(8) | block(60), block(8))
    assert share(block(60), marked) == 1.0 and share(block(8), marked) == 0.0
    assert set(np.unique(marked)) == {0, CERTAIN}


def test_what_is_only_seen_beside_the_object_is_not_certain():
    marked = beside(block(8) | block(60), block(8), np.zeros((16, 24), np.uint8))
    assert share(block(60), marked) == 1.0
    assert not certain(marked, (64, 96)).any()


def test_a_part_right_beside_the_mask_is_not_taken_for_a_distractor():
    marked = beside(block(8, size=24), block(8), np.zeros((16, 24), np.uint8))
    assert not marked.any()


def test_distractors_move_with_the_picture():
    marked = first(block(40), np.zeros((64, 96), bool))
    flow = np.zeros((64, 96, 2), np.float32)
    flow[..., 0] = -8  # every pixel was 8 further left
    assert share(block(48), carried(marked, flow)) == 1.0
    assert carried(marked, None) is marked


def test_certain_ones_stay_under_a_mask_that_leaks_onto_them():
    marked = first(block(60), block(8))
    kept = beside(block(8) | block(60), block(8) | block(60), marked)
    assert share(block(60), kept) == 1.0


def test_a_search_leaves_out_where_distractors_may_be():
    around = reach(first(block(60), block(8)), (64, 96))
    assert around[block(60)].all() and not around[block(8)].any()
