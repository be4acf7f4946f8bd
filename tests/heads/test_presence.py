"""Beside a look-alike, an object that hides is gone, and found where it comes out."""

import cv2
import numpy as np
import pytest

from vidmem import Config, Frame, Prompt, load
from vidmem.config import DepthConfig

SIZE, SIDE = (120, 200), 36
STEP_PX = 2


def texture(seed, colour, size=SIZE):
    noise = np.random.default_rng(seed).normal(0, 1, (*size, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.asarray(colour) + 18 * smooth / smooth.std()


def sliding(frames, start, wall, look_alike):
    """Frames and true masks: a patch slides to the right, before one like it and behind a wall."""
    ground, cover = texture(0, (90, 100, 80)), texture(1, (60, 50, 120))
    alike, patch = (texture(seed, (170, 110, 70), (SIDE, SIDE)) for seed in (2, 3))
    for index in range(frames):
        picture, truth = ground.copy(), np.zeros(SIZE, bool)
        left = start + STEP_PX * index
        picture[30 : 30 + SIDE, look_alike : look_alike + SIDE] = alike
        picture[48 : 48 + SIDE, left : left + SIDE] = patch
        truth[48 : 48 + SIDE, left : left + SIDE] = True
        picture[:, wall], truth[:, wall] = cover[:, wall], False
        image = np.clip(picture, 0, 255).astype(np.uint8)
        yield Frame(image=image, index=index, seconds=index / 25), truth


def followed(video):
    """Masks and true masks."""
    frames, truths = zip(*video, strict=True)
    engine = load("nano", config=Config(depth=DepthConfig(enabled=False)))
    results = engine.run(iter(frames), {0: [Prompt(object_id=1, mask=truths[0])]})
    return [(r.masks.mask(1), truth) for r, truth in zip(results, truths, strict=True)]


@pytest.fixture(scope="module")
def uncovers():
    """It slides off the look-alike before it hides."""
    return followed(sliding(48, start=40, wall=slice(110, 170), look_alike=24))


@pytest.fixture(scope="module")
def comes_out():
    """It comes out from behind the wall before the look-alike."""
    return followed(sliding(48, start=20, wall=slice(64, 110), look_alike=112))


def test_the_look_alike_that_it_uncovers_is_not_taken_for_it(uncovers):
    whole = [(mask & truth).mean() for mask, truth in uncovers if truth.sum() == SIDE**2]
    hidden = [mask.any() for mask, truth in uncovers if not truth.any()]
    assert len(hidden) > 8 and not any(hidden)
    assert min(whole) > 0.85 * SIDE**2 / np.prod(SIZE)


def test_it_is_found_beside_a_look_alike_that_was_in_view_meanwhile(comes_out):
    assert not any(mask.any() for mask, truth in comes_out if not truth.any())
    mask, truth = comes_out[-1]
    assert (mask & truth).sum() > 0.7 * (mask | truth).sum()
