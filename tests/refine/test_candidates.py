"""What a network is asked about an object: in frame pixels, from the mask at working size."""

import numpy as np
import torch

from vidmem.refine.candidates import hint_at

SHAPE = (40, 60)
FRAME = (120, 240)
"""Working pixels are 4 frame pixels wide and 3 high."""


def at(top, bottom, left, right):
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return mask


def hint(mask, evidence=None):
    logits = torch.from_numpy(np.where(mask, 5.0, -5.0).astype(np.float32))
    says = np.full(SHAPE, -0.5, np.float32) if evidence is None else evidence.astype(np.float32)
    return hint_at(logits, says, FRAME)


def test_the_box_has_a_margin_and_stays_in_the_frame():
    assert np.allclose(hint(at(10, 20, 20, 30)).box, (80 - 2, 30 - 1.5, 120 + 2, 60 + 1.5))
    left, top, right, bottom = hint(np.ones(SHAPE, bool)).box
    assert (left, top, right, bottom) == (0, 0, 240, 120)


def test_the_point_lies_deepest_inside():
    mask = at(10, 21, 20, 31) | at(10, 12, 31, 50)
    ((x, y, label),) = hint(mask).points
    assert (x, y, label) == (25.5 * 4, 15.5 * 3, 1)


def test_the_strongest_distractor_gets_a_negative_point():
    evidence = np.full(SHAPE, -0.5)
    evidence[at(10, 20, 20, 30)] = 0.9
    evidence[at(10, 15, 45, 50)] = 0.3
    evidence[at(28, 35, 45, 52)] = 0.8
    evidence[at(0, 1, 0, 2)] = 1.0  # too small
    _, (x, y, label) = hint(at(10, 20, 20, 30), evidence).points
    assert (x, y, label) == (48.5 * 4, 31.5 * 3, 0)


def test_what_touches_the_object_is_no_distractor():
    evidence = np.where(at(8, 22, 18, 32), 0.9, -0.5)
    assert len(hint(at(10, 20, 20, 30), evidence).points) == 1


def test_one_pixel_is_enough():
    shown = hint(at(5, 6, 7, 8))
    assert shown.points == ((30.0, 16.5, 1),)
    assert shown.box[0] < shown.box[2] and shown.box[1] < shown.box[3]
