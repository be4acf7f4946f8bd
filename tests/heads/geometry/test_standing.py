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


NOTHING = np.zeros_like(GROUND)


def test_an_object_is_as_far_as_the_ground_under_its_foot():
    for measured in (GROUND, NOTHING):
        result = stand(GROUND, [place(10, 25)], measured=measured)
        assert result[12, 12] == pytest.approx(GROUND[24:26, 12].mean(), rel=1e-3)
        assert result[12, 5] == GROUND[12, 5]


def test_measured_ground_leads_to_the_foot_not_what_is_filled_in_around_it():
    foot = place(10, 25)
    filled = GROUND.copy()
    filled[25:29, 8:18] = GROUND[29, 12]
    measured = GROUND.copy()
    measured[25:28, 8:18] = 0
    truth = GROUND[24:26, 12].mean()
    result = stand(filled, [foot], measured=measured)
    assert result[12, 12] == pytest.approx(truth, rel=1e-3)
    assert stand(filled, [foot], measured=NOTHING)[12, 12] > 1.04 * truth


def test_what_stands_beside_the_foot_and_blurs_into_the_ground_does_not_pull_it_nearer():
    measured = GROUND.copy()
    measured[26:36, 13:16] = np.maximum(GROUND[26:36, 13:16], 0.95)
    result = stand(GROUND, [place(10, 25)], measured=measured)
    assert result[12, 12] == pytest.approx(GROUND[24:26, 12].mean(), rel=0.02)


def test_never_behind_what_is_behind_it():
    wall = GROUND.copy()
    wall[30:] = 0.01
    result = stand(wall, [place(10, 29)], measured=wall)
    assert result[12, 12] == pytest.approx(np.percentile(wall[10:29, 10:16], 20))


def test_what_stands_before_an_object_and_spreads_behind_it_does_not_pull_it_nearer():
    filled = GROUND.copy()
    filled[5:25, 14:16] = 2.0
    filled[5:25, 10:12] = 0.05
    result = stand(filled, [place(5, 25)], measured=GROUND)
    assert result[12, 12] == pytest.approx(GROUND[24:26, 12].mean(), rel=1e-3)


def test_cut_off_below_or_standing_behind_another_it_is_about_as_near_as_its_background():
    cut = stand(GROUND, [place(30, 40)], measured=GROUND)
    assert cut[35, 12] == pytest.approx(np.median(GROUND[30:]))
    both = stand(GROUND, [place(10, 25), place(25, 40)], measured=GROUND)
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
    both = stand(GROUND, [body, ball], measured=GROUND)
    assert both[15, 12] == pytest.approx(both[30, 12])
    assert both[30, 12] > GROUND[15, 12]
