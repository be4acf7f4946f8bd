"""The embedded tracker behind an engine: follows, loses, finds again, keeps objects apart."""

import dataclasses

import numpy as np
import pytest

from vidmem import Config, Frame, Prompt, load
from vidmem.config import DepthConfig
from vidmem.heads import nano_masks
from vidmem.statistics import STEADY
from vidmem.testing import check_tracker, moving_square, truth

CONFIG = Config(depth=DepthConfig(enabled=False))
GONE = range(8, 20)
CHANGING = range(6, 14)


@pytest.fixture(scope="module")
def hidden():
    """The square disappears behind nothing for a while: its frames show the ground alone."""
    video = list(moving_square(30))
    ground = video[0].image.copy()
    ground[truth(video[0])] = video[-1].image[truth(video[0])]
    return [dataclasses.replace(f, image=ground) if f.index in GONE else f for f in video]


@pytest.fixture(scope="module")
def recoloured():
    """The square turns blue within eight frames."""
    return [turned_blue(frame) for frame in moving_square(30)]


def turned_blue(frame):
    done = np.clip((frame.index - CHANGING.start) / len(CHANGING), 0, 1)
    image = frame.image.copy()
    image[truth(frame)] = image[truth(frame)] * (1 - 0.8 * done * np.array([1, 1, 0]))
    return dataclasses.replace(frame, image=image)


def run(video, **changes):
    engine = load("nano", config=dataclasses.replace(CONFIG, **changes))
    return engine, list(engine.run(video, {0: [Prompt(1, mask=truth(video[0]))]}))


def overlap(result):
    predicted, expected = result.masks.mask(1), truth(result.frame)
    return (predicted & expected).sum() / (predicted | expected).sum()


def test_the_tracker_keeps_its_promises():
    assert check_tracker(load("nano").models.tracker) > 0.85


def test_an_absent_object_has_no_mask_and_is_found_again(hidden):
    _, results = run(hidden)
    empty = [not results[i].masks.mask(1).any() for i in GONE]
    assert np.mean(empty) > 0.9
    assert results[15].objects[0].status != "visible"
    assert max(overlap(results[i]) for i in range(20, 30)) > 0.6
    assert results[29].objects[0].unseen_seconds == 0


def test_nothing_is_written_while_it_is_gone(hidden):
    engine, results = run(hidden)
    written = [d.frame for r in results for d in r.kept if d.action == "admit"]
    assert not set(written) & set(GONE)
    assert all(k.card.index not in GONE for k in engine.memory.keyframes)


def test_objects_never_overlap_and_a_late_one_does_not_disturb():
    video = list(moving_square(10))
    engine = load("nano", config=CONFIG)
    other = Prompt(2, box=(60.0, 5.0, 80.0, 20.0))
    prompts = {0: [Prompt(1, mask=truth(video[0]))], 4: [other]}
    for result in engine.run(video, prompts):
        inside = (result.masks.logits > 0).sum(0)
        assert int(inside.max()) <= 1
    assert overlap(result) > 0.7


def test_a_one_pixel_object_and_a_cut_break_nothing():
    video = list(moving_square(4))
    dot = np.zeros(video[0].size, bool)
    dot[30, 15] = True
    noise = np.random.default_rng(0).integers(0, 255, (*video[0].size, 3), dtype=np.uint8)
    engine = load("nano", config=CONFIG)
    engine.step(video[0], [Prompt(1, mask=dot)])
    for index, image in enumerate([video[1].image, noise, np.zeros_like(noise)], 1):
        result = engine.step(Frame(image, index, index / 30))
        assert bool(result.masks.logits.isfinite().all())


def test_an_object_that_changes_its_colour_is_followed(recoloured):
    _, results = run(recoloured)
    assert min(overlap(result) for result in results[1:]) > 0.8
    changed = [r.frame.index for r in results if r.masks.topology_changed[0]]
    assert changed and CHANGING.start < min(changed) and max(changed) <= CHANGING.stop


def test_at_the_steady_pace_the_change_would_be_too_fast(recoloured, monkeypatch):
    monkeypatch.setattr(nano_masks, "HURRIED", STEADY)
    _, results = run(recoloured)
    assert not results[-1].masks.mask(1).any()


def test_what_stays_or_hides_has_not_changed(hidden):
    for video in (hidden, list(moving_square(20))):
        _, results = run(video)
        assert not any(result.masks.topology_changed[0] for result in results)
