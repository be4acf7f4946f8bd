"""Corrections of masks are learned from states made once, and a killed run loses nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem.errors import CheckpointError, SourceError
from vidmem.heads.learned_masks_network import CHANNELS, TOTAL, MaskNetwork
from vidmem.training.mask_learning import MaskLearner, MaskRecipe, mask_overlaps
from vidmem.training.mask_states import (
    QUANTUM,
    MaskStates,
    make_mask_states,
    read_mask_states,
    states_of,
)
from vidmem.training.moving_collages import Footage


def sliding(seed=0, frames=7):
    """A bright square that slides over noise, and a duller one that is not to be followed."""
    random = np.random.default_rng(seed)
    images = random.integers(60, 110, (frames, 96, 128, 3)).astype(np.uint8)
    labels = np.zeros((frames, 96, 128), np.uint8)
    for frame in range(frames):
        left = 20 + 3 * frame
        images[frame, 30:60, left : left + 30] = (210, 60, 30)
        labels[frame, 30:60, left : left + 30] = 1
        images[frame, 62:90, 20:50] = (170, 80, 50)
    return Footage(images, labels)


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    assert list(make_mask_states(folder, count=3, seed=1, footage=sliding)) == [1, 2, 3]
    first = (folder / "masks-000001-00000.npz").stat().st_mtime_ns
    assert list(make_mask_states(folder, count=3, seed=1, footage=sliding)) == [1, 2, 3]
    assert (folder / "masks-000001-00000.npz").stat().st_mtime_ns == first
    return read_mask_states(folder)


def test_states_are_those_of_followed_objects(states):
    assert len(states) == 3 * 3, "frames 2, 4 and 6 of each"
    assert states.sights.shape[1:] == (CHANNELS, *states.truth.shape[1:])
    taken, truth = states.sights[:, TOTAL] > 0, states.truth > 127
    shared = (taken & truth).sum((1, 2)) / (taken | truth).sum((1, 2))
    assert shared.min() > 0.5


def test_what_is_too_small_to_prompt_makes_no_states():
    nothing = sliding()
    assert list(states_of(replace(nothing, labels=nothing.labels * 0))) == []


def test_a_video_without_states_is_not_made_again(tmp_path):
    made = []

    def footage(seed):
        made.append(seed)
        video = sliding(seed)
        return video if len(made) == 2 else replace(video, labels=video.labels * 0)

    assert list(make_mask_states(tmp_path, count=1, seed=1, footage=footage)) == [1]
    with pytest.raises(SourceError, match="train_masks"):
        read_mask_states(tmp_path)
    assert list(make_mask_states(tmp_path, count=3, seed=1, footage=footage)) == [1, 2, 3]
    assert list(make_mask_states(tmp_path, count=3, seed=1, footage=footage)) == [1, 2, 3]
    assert made == [1_000_000, 1_000_001, 1_000_002]
    assert len(read_mask_states(tmp_path)) == 3, "of the second video"


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="train_masks"):
        read_mask_states(tmp_path)


def shifted(states):
    """The closed form errs in a way that colour tells: the upper left is the object too."""
    sights = states.sights.copy()
    wrong = states.truth <= 127
    wrong[:, 32:], wrong[..., 32:] = False, False
    sights[:, TOTAL][wrong] = QUANTUM // 10
    return MaskStates(sights, states.truth)


def learner(states, **other):
    recipe = MaskRecipe(states=len(states), steps=40, batch=4, warm_up=4, ema=0.9)
    return MaskLearner(replace(recipe, **other), states)


def test_it_learns_what_the_closed_form_misses(states):
    confused = shifted(states)
    before, same = mask_overlaps(MaskNetwork(), confused)
    assert same == pytest.approx(before), "untrained it changes nothing"
    course = learner(confused)
    for _ in range(40):
        course.advance()
    network = MaskNetwork()
    network.load_state_dict(course.average)
    assert mask_overlaps(network, confused)[1] > before + 0.03


def test_a_killed_run_goes_on_to_the_same_weights(states, tmp_path):
    whole, half, again = (learner(states) for _ in range(3))
    for _ in range(4):
        whole.advance()
    for _ in range(2):
        half.advance()
    half.save(tmp_path / "masks.pt")
    again.load(tmp_path / "masks.pt")
    for _ in range(2):
        again.advance()
    for name, value in whole.average.items():
        assert torch.equal(value, again.average[name]), name


def test_the_state_of_another_run_is_refused(states, tmp_path):
    learner(states).save(tmp_path / "masks.pt")
    with pytest.raises(CheckpointError, match="was made by"):
        learner(states, batch=3).load(tmp_path / "masks.pt")
