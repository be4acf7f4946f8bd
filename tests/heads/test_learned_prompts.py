"""The learned rounds begin as the closed form, keep to the box and can be taught."""

import numpy as np
import pytest
import torch

from vidmem.heads.learned_prompts import answers, learned_mask_of_box
from vidmem.heads.learned_prompts_cues import INNER, SIDE, apart_from, cues_of, matrix_of, squared
from vidmem.heads.learned_prompts_features import FIRST, LATER, Look
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.heads.prompt_masks import mask_of_prompt
from vidmem.types import Prompt

SIZE = (120, 160)
BOX = (60.0, 40.0, 100.0, 80.0)


def picture():
    random = np.random.default_rng(0)
    image = random.integers(20, 60, (*SIZE, 3)).astype(np.uint8)
    truth = np.zeros(SIZE, bool)
    truth[40:80, 60:100] = True
    truth[60:80, 85:100] = False
    image[truth] += np.array([150, 60, 20], np.uint8)
    return image, truth


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return PromptNetwork().eval()


def test_untrained_it_is_the_closed_form(network):
    image, _ = picture()
    cues = cues_of(image, BOX)
    inner = np.s_[INNER[0] : INNER[1], INNER[0] : INNER[1]]
    for answer in answers(network, cues):
        np.testing.assert_array_equal(answer[inner] > 0.5, cues.planes[0][inner] > 0)
        assert answer[: INNER[0]].max() == 0


def test_a_box_is_answered_inside_the_box_only(network):
    image, truth = picture()
    found = learned_mask_of_box(network, image, BOX)
    assert found.dtype == np.float32
    assert found[:, :60].max() == 0 and found[80:].max() == 0
    inside = mask_of_prompt(Prompt(1, box=BOX), image, SIZE, None, network) > 0.5
    assert (inside & truth).sum() / (inside | truth).sum() > 0.8


def test_where_nothing_stands_out_all_of_the_box_is_meant(network):
    torch.nn.init.constant_(network.rounds[-1].out.bias, -50)
    try:
        found = learned_mask_of_box(network, picture()[0], BOX)
    finally:
        torch.nn.init.zeros_(network.rounds[-1].out.bias)
    assert found.sum() == 40 * 40


@pytest.mark.parametrize(
    "box", [(0, 0, 160, 120), (159, 119, 160, 120), (0, 50, 1, 60), (140.5, 3.2, 160, 90.7)]
)
def test_boxes_at_the_border(network, box):
    found = learned_mask_of_box(network, picture()[0], tuple(map(float, box)))
    assert found.shape == SIZE and np.isfinite(found).all() and found.max() > 0.5


def test_looks_have_as_many_features_as_the_rounds_expect():
    look = Look(cues_of(picture()[0], BOX))
    assert look.first.shape == (SIDE, SIDE, FIRST)
    half = np.full((SIDE, SIDE), 0.5, np.float32)
    later = look.after(half, look.context(half))
    assert later.shape == (SIDE, SIDE, LATER)
    assert np.isfinite(later).all()


def test_what_goes_on_outside_is_near_the_outside():
    """A pole that crosses the box is not apart; an island of the same colour is."""
    lab = np.zeros((SIDE, SIDE, 3), np.float32)
    lab[:, 30:34] = 1
    lab[50:60, 60:70] = 1
    outside = np.ones((SIDE, SIDE), bool)
    outside[INNER[0] : INNER[1], INNER[0] : INNER[1]] = False
    apart = apart_from(lab, outside)
    assert apart[55, 32] < 0.2
    assert apart[55, 65] > 0.6


def test_the_square_shows_the_box_in_its_middle():
    image = np.zeros((200, 300, 3), np.uint8)
    image[50:90, 100:220] = 255
    square = squared(image, (100.0, 50.0, 220.0, 90.0))[..., 0]
    assert square[INNER[0] + 2 : INNER[1] - 2, INNER[0] + 2 : INNER[1] - 2].min() == 255
    assert square[: INNER[0] - 3].max() == 0 and square[:, INNER[1] + 3 :].max() == 0
    corner = matrix_of((100.0, 50.0, 220.0, 90.0)) @ (INNER[0] - 0.5, INNER[0] - 0.5, 1)
    np.testing.assert_allclose(corner, (99.5, 49.5), atol=1.0)
