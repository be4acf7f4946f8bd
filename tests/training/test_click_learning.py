"""Corrections of clicks are learned from answers made once, and a killed run loses nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem.errors import CheckpointError, SourceError
from vidmem.evaluation.prompts import next_click
from vidmem.heads.learned_clicks_network import CHANNELS, KNOWN, ClickNetwork
from vidmem.heads.learned_prompts_cues import SIDE
from vidmem.training import click_states
from vidmem.training.click_learning import ClickLearner, ClickRecipe, click_overlaps
from vidmem.training.click_states import QUANTUM, Practice, make_states, read_states, states_of


@pytest.fixture(scope="module")
def practice(one_cutout):
    return Practice(one_cutout, next_click)


@pytest.fixture(scope="module")
def states(practice, tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(click_states, "SHARD", 8)
        assert list(make_states(folder, count=12, seed=1, practice=practice)) == [8, 16]
        first = (folder / "clicks-000001-00000.npz").read_bytes()
        assert list(make_states(folder, count=12, seed=1, practice=practice)) == [8, 16]
        assert (folder / "clicks-000001-00000.npz").read_bytes() == first
    return read_states(folder)


def test_states_are_stored_as_they_were_seen(practice, states):
    assert states.sights.shape == (16, CHANNELS, SIDE, SIDE)
    sight, truth = next(states_of(1_000_000, practice))
    limited = sight.clip(-127 / QUANTUM, 127 / QUANTUM)
    np.testing.assert_allclose(states.sights[0] / QUANTUM, limited, atol=0.011)
    np.testing.assert_allclose(states.truth[0] / 255, truth.clip(0, 1), atol=0.003)


def test_answers_are_about_their_objects(states):
    known, truth = states.sights[:, KNOWN] > 0, states.truth > 127
    assert known.any((1, 2)).all() and truth.any((1, 2)).all()
    shared = (known & truth).sum((1, 2)) / np.maximum(1, known.sum((1, 2)))
    assert np.median(shared) > 0.5


def test_corrections_are_in_the_states_where_wanted(practice):
    network = ClickNetwork().eval()
    torch.nn.init.constant_(network.out.bias, 50.0)
    plain = [sight for seed in (0, 1) for sight, _ in states_of(seed, practice)]
    eager = replace(practice, network=network)
    other = [sight for seed in (0, 1) for sight, _ in states_of(seed, eager)]
    differing = [not np.array_equal(a, b) for a, b in zip(plain, other, strict=False)]
    assert not differing[0], "nothing was corrected before the first click"
    assert any(differing)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="make"):
        read_states(tmp_path)


def learner(states, **other):
    recipe = ClickRecipe(states=len(states), steps=40, batch=8, warm_up=4, ema=0.9)
    return ClickLearner(replace(recipe, **other), states)


def test_it_learns_what_the_closed_form_misses(states):
    course = learner(states)
    before, same = click_overlaps(ClickNetwork(), states)
    assert same == pytest.approx(before), "untrained it changes nothing"
    for _ in range(40):
        course.advance()
    network = ClickNetwork()
    network.load_state_dict(course.average)
    assert click_overlaps(network, states)[1] > before + 0.03


def test_a_killed_run_goes_on_to_the_same_weights(states, tmp_path):
    whole, half, again = (learner(states, batch=4) for _ in range(3))
    for _ in range(4):
        whole.advance()
    for _ in range(2):
        half.advance()
    half.save(tmp_path / "clicks.pt")
    again.load(tmp_path / "clicks.pt")
    for _ in range(2):
        again.advance()
    for name, value in whole.average.items():
        assert torch.equal(value, again.average[name]), name


def test_the_state_of_another_run_is_refused(states, tmp_path):
    learner(states).save(tmp_path / "clicks.pt")
    with pytest.raises(CheckpointError, match="was made by"):
        learner(states, batch=3).load(tmp_path / "clicks.pt")
