"""Corrections of clicks begin as the closed form, keep to their window and to what was clicked."""

import numpy as np
import pytest
import torch

from vidmem.heads.click_masks import mask_of_clicks
from vidmem.heads.learned_clicks import (
    corrected,
    learned_mask_of_clicks,
    sight_of,
    window_of,
)
from vidmem.heads.learned_clicks_network import CHANNELS, KNOWN, ClickNetwork
from vidmem.heads.learned_prompts_cues import SIDE
from vidmem.heads.learned_prompts_features import WITHIN
from vidmem.heads.prompt_masks import SEEN_PIXELS, seen

SIZE = (120, 160)


def picture():
    random = np.random.default_rng(0)
    image = random.integers(20, 60, (*SIZE, 3)).astype(np.uint8)
    truth = np.zeros(SIZE, bool)
    truth[40:80, 60:100] = True
    image[truth] += np.array([150, 60, 20], np.uint8)
    return image, truth


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ClickNetwork().eval()


def always(network, logit):
    torch.nn.init.constant_(network.out.bias, logit)
    return network


def nothing():
    return np.zeros(SIZE, bool)


def test_untrained_it_is_the_closed_form(network):
    image, truth = picture()
    small = seen(image, SEEN_PIXELS)
    dots = [(80, 60, 1), (65, 45, 1)]
    plain = mask_of_clicks(small, dots, nothing())
    found = learned_mask_of_clicks(network, image, small, dots, nothing()) > 0.5
    assert (found == plain).mean() > 0.99
    assert (found & truth).sum() / (found | truth).sum() > 0.8


def test_a_click_that_tells_nothing_new_changes_nothing(network):
    image, truth = picture()
    small = seen(image, SEEN_PIXELS)
    found = learned_mask_of_clicks(always(network, 9.0), image, small, [(80, 60, 1)], truth)
    np.testing.assert_array_equal(found > 0.5, truth)


def test_what_disagrees_with_a_click_is_not_taken(network):
    image, truth = picture()
    known = truth.astype(np.float32)
    everything = always(network, 50.0)
    agreed = corrected(everything, image, known, [(80.0, 60.0, 1)])
    assert (agreed > 0.5).sum() > 1.5 * truth.sum()
    refused = corrected(everything, image, known, [(80.0, 60.0, 1), (110.0, 60.0, 0)])
    np.testing.assert_array_equal(refused, known)


def test_outside_its_window_everything_stays(network):
    image, truth = picture()
    known = truth.astype(np.float32)
    known[5:8, 150:155] = 0.4
    places = [(80.0, 60.0, 1)]
    left, top, right, bottom = window_of(truth, places)
    answer = corrected(always(network, 50.0), image, known, places)
    within = np.zeros(SIZE, bool)
    within[int(top) : round(bottom), int(left) : round(right)] = True
    np.testing.assert_array_equal(answer[~within], known[~within])
    assert (answer[within] > 0.5).mean() > 0.95


def test_where_nothing_is_known_there_is_nothing_to_correct(network):
    image, _ = picture()
    empty = np.zeros(SIZE, np.float32)
    assert corrected(network, image, empty, [(80.0, 60.0, 0)]) is empty


@pytest.mark.parametrize("place", [(0, 0), (159, 119), (0, 119)])
def test_windows_stay_inside_the_picture(network, place):
    inside = nothing()
    inside[place[1], place[0]] = True
    places = [(float(place[0]), float(place[1]), 1)]
    left, top, right, bottom = window_of(inside, places)
    assert 0 <= left < right <= 160 and 0 <= top < bottom <= 120
    assert right - left >= 4 and bottom - top >= 4
    answer = corrected(network, picture()[0], inside.astype(np.float32), places)
    assert np.isfinite(answer).all() and answer[place[1], place[0]] > 0.5


def test_a_sight_shows_the_answer_and_the_clicks():
    image, truth = picture()
    places = [(70.0, 50.0, 1), (120.0, 60.0, 0)]
    box = window_of(truth, places)
    sight = sight_of(image, truth.astype(np.float32), places, box)
    assert sight.shape == (CHANNELS, SIDE, SIDE) and np.isfinite(sight).all()
    answer = sight[KNOWN] > 0
    middle = SIDE // 2
    assert answer[middle, middle] and not answer[2, 2]
    assert 0.15 < answer[WITHIN].mean() < 0.35
    yes, no = sight[13], sight[14]
    assert answer[np.unravel_index(yes.argmax(), yes.shape)]
    assert not answer[np.unravel_index(no.argmax(), no.shape)]
    assert yes.max() > 0.9
