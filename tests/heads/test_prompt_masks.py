import numpy as np
import pytest
import torch

from vidmem.heads.learned_prompts import shipped_prompt_network
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.heads.prompt_masks import mask_of_prompt
from vidmem.types import Prompt

SIZE = (120, 160)


def picture():
    random = np.random.default_rng(0)
    image = random.integers(20, 60, (*SIZE, 3)).astype(np.uint8)
    truth = np.zeros(SIZE, bool)
    truth[40:80, 60:100] = True
    image[truth] += np.array([150, 60, 20], np.uint8)
    return image, truth


def overlap(prompt, current=None):
    image, truth = picture()
    inside = mask_of_prompt(prompt, image, SIZE, current)
    assert inside.dtype == np.float32
    return (truth & (inside > 0.5)).sum() / (truth | (inside > 0.5)).sum()


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(1, box=(60, 40, 100, 80)),
        Prompt(1, points=((80, 60, 1),)),
        Prompt(1, points=((80, 60, 1), (20, 20, 0))),
        Prompt(1, box=(60, 40, 100, 80), points=((80, 60, 1),)),
    ],
)
def test_prompts_find_a_clear_object(prompt):
    assert overlap(prompt) > 0.8


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(1, box=(60, 40, 100, 80)),
        Prompt(1, points=((80, 60, 1),)),
        Prompt(1, points=((80, 60, 1), (20, 20, 0))),
    ],
)
def test_the_network_that_comes_along_finds_it_too(prompt):
    image, truth = picture()
    inside = mask_of_prompt(prompt, image, SIZE, None, shipped_prompt_network()) > 0.5
    assert (truth & inside).sum() / (truth | inside).sum() > 0.85


def test_clicks_are_corrected_where_a_network_is_given():
    image, truth = picture()
    network = PromptNetwork().eval()
    prompt = Prompt(1, points=((80, 60, 1),))
    untrained = mask_of_prompt(prompt, image, SIZE, None, network) > 0.5
    assert 0.8 < untrained.sum() / truth.sum() < 1.2
    torch.nn.init.constant_(network.clicks.out.bias, 50.0)
    eager = mask_of_prompt(prompt, image, SIZE, None, network) > 0.5
    assert eager.sum() > 2 * truth.sum()


def test_mask_is_used_as_it_is():
    _, truth = picture()
    assert overlap(Prompt(1, mask=truth)) == 1


def test_click_corrects_what_is_known():
    _, truth = picture()
    half = truth.astype(np.float32)
    half[:, 80:] = 0
    assert overlap(Prompt(1, points=((90, 60, 1),)), half) > 0.8


def test_one_pixel_box_at_the_corner():
    image, _ = picture()
    inside = mask_of_prompt(Prompt(1, box=(159, 119, 160, 120)), image, SIZE, None)
    assert inside.shape == SIZE
    assert np.isfinite(inside).all()


def two_things():
    """A red and a blue square side by side on grey noise."""
    random = np.random.default_rng(1)
    image = random.integers(90, 110, (*SIZE, 3)).astype(np.uint8)
    red, blue = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    red[40:80, 40:80], blue[40:80, 80:120] = True, True
    image[red], image[blue] = (190, 40, 40), (40, 40, 190)
    return image, red, blue


def share(inside, truth):
    return float(((inside > 0.5) & truth).sum() / truth.sum())


def test_a_second_click_adds_the_other_half_and_a_third_takes_it_away():
    image, red, blue = two_things()
    points = ((60, 60, 1),)
    first = mask_of_prompt(Prompt(1, points=points), image, SIZE, None)
    assert share(first, red) > 0.9 and share(first, blue) < 0.1
    points += ((100, 60, 1),)
    second = mask_of_prompt(Prompt(1, points=points), image, SIZE, None)
    assert share(second, red) > 0.9 and share(second, blue) > 0.9
    points += ((100, 62, 0),)
    third = mask_of_prompt(Prompt(1, points=points), image, SIZE, None)
    assert share(third, red) > 0.9 and share(third, blue) < 0.1


def test_a_click_where_the_mask_is_right_changes_nothing():
    image, red, _ = two_things()
    known = red.astype(np.float32)
    agreeing = Prompt(1, points=((60, 60, 1), (10, 10, 0)))
    inside = mask_of_prompt(agreeing, image, SIZE, known)
    assert ((inside > 0.5) == red).mean() > 0.99


def test_clicks_correct_a_box():
    image, red, blue = two_things()
    both = Prompt(1, box=(40, 40, 120, 80), points=((100, 60, 0),))
    inside = mask_of_prompt(both, image, SIZE, None)
    assert share(inside, red) > 0.9 and share(inside, blue) < 0.1


@pytest.mark.parametrize("place", [(0, 0), (159, 119), (80, 0)])
def test_clicks_at_the_border_of_a_flat_picture_give_something(place):
    flat = np.full((*SIZE, 3), 127, np.uint8)
    inside = mask_of_prompt(Prompt(1, points=((*place, 1),)), flat, SIZE, None)
    assert np.isfinite(inside).all()
    assert inside.max() > 0
