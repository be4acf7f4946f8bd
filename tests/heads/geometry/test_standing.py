import numpy as np
import pytest
import torch

from vidmem.heads.geometry.standing import places_of, stand
from vidmem.types import Masks

GROUND = np.repeat(np.linspace(0.1, 1.0, 40, dtype=np.float32)[:, None], 30, 1)


def place(top, bottom, left=10, right=16):
    result = np.zeros((40, 30), bool)
    result[top:bottom, left:right] = True
    return result


def test_an_object_is_as_far_as_the_ground_under_its_foot():
    result = stand(GROUND, [place(10, 25)])
    assert result[12, 12] == pytest.approx(GROUND[24, 12], rel=0.02)
    assert result[12, 5] == GROUND[12, 5]


def test_never_behind_what_is_behind_it():
    wall = GROUND.copy()
    wall[30:] = 0.01
    assert stand(wall, [place(10, 29)])[12, 12] == pytest.approx(np.median(wall[10:29, 12]))


def test_cut_off_below_or_standing_behind_another_it_is_at_least_as_near_as_its_background():
    assert stand(GROUND, [place(30, 40)])[35, 12] == pytest.approx(np.median(GROUND[30:]))
    both = stand(GROUND, [place(10, 25), place(25, 40)])
    assert both[12, 12] == pytest.approx(np.median(GROUND[10:25]))


def test_empty_masks_have_no_place():
    logits = torch.full((2, 80, 60), -5.0)
    logits[1, 20:40, 20:32] = 5
    masks = Masks((1, 2), logits, (0.0, 1.0), (0.0, 1.0), (True, False), {})
    found = places_of(masks, (40, 30))
    assert [p.sum() for p in found] == [10 * 6]


def test_a_ball_before_a_body_is_no_farther_than_the_body():
    body, ball = place(5, 36, left=8, right=18), place(12, 18, left=11, right=15)
    body &= ~ball
    both = stand(GROUND, [body, ball])
    assert both[15, 12] == pytest.approx(both[30, 12])
    assert both[30, 12] > GROUND[15, 12]
