import numpy as np
import pytest

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
