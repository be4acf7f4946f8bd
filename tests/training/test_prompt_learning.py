"""Rounds learn from boxes, and a killed run ends with the same weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem.errors import CheckpointError, SourceError
from vidmem.heads.learned_prompts_cues import INNER, SIDE
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.training import prompting
from vidmem.training.prompt_learning import (
    RoundLearner,
    RoundRecipe,
    cues_in,
    intersection_over_union,
    joined,
    overlaps,
    pixels_of,
)
from vidmem.training.prompting import Examples, examples_of, make_examples, read_examples


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boxes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompting, "SHARD", 6)
        assert list(make_examples(folder, count=12, seed=1)) == [6, 12]
        first = (folder / "boxes-000001-00000.npz").read_bytes()
        assert list(make_examples(folder, count=12, seed=1)) == [6, 12]
        assert (folder / "boxes-000001-00000.npz").read_bytes() == first
    return read_examples(folder)


def test_examples_are_stored_as_they_were_seen(boxes):
    cues, truth = next(examples_of(1_000_000))
    stored, kept = next(cues_in(boxes))
    np.testing.assert_array_equal(stored.image, cues.image)
    np.testing.assert_allclose(stored.planes, cues.planes, atol=0.005)
    np.testing.assert_allclose(kept, truth, atol=0.005)
    assert len(boxes) == 12


def test_objects_are_in_their_boxes(boxes):
    edge = np.s_[:, INNER[0] - 6 : INNER[1] + 6, INNER[0] - 6 : INNER[1] + 6]
    shown = boxes.truth * (boxes.seen > 0)  # past the picture's border its edge is repeated
    whole = shown.astype(float).sum((1, 2))
    assert (shown[edge].astype(float).sum((1, 2)) > 0.95 * whole).all()
    assert (boxes.truth.mean((1, 2)) > 5).all()
    assert boxes.images.shape == (12, SIDE, SIDE, 3)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="render"):
        read_examples(tmp_path)


def test_pairs_of_masks_overlap_each_for_itself():
    one, other = torch.zeros(2, 3, 4, 4, dtype=torch.bool)
    one[0, :2], other[0, 1:3] = True, True
    one[1, 0, 0] = True
    assert intersection_over_union(one, other).tolist() == pytest.approx([1 / 3, 0, 0])
    assert intersection_over_union(one.flatten(1), one.flatten(1)).tolist() == [1, 1, 0]


def learner(boxes: Examples, network: PromptNetwork, number: int = 0) -> RoundLearner:
    recipe = RoundRecipe(boxes=len(boxes), number=number, steps=60, warm_up=5)
    return RoundLearner(recipe, joined(list(pixels_of(boxes, network, number))))


def test_two_rounds_learn_what_the_closed_form_misses(boxes):
    network = PromptNetwork().eval()
    before = overlaps(boxes, network, rounds=0)[0]
    for number in (0, 1):
        course = learner(boxes, network, number)
        for _ in range(60):
            course.advance()
        network.rounds[number].load_state_dict(course.average)
    found = overlaps(boxes, network, rounds=2)
    assert found[0] == pytest.approx(before)
    assert found[1] > before + 0.03
    assert found[2] > before + 0.03


def test_a_killed_run_goes_on_to_the_same_weights(boxes, tmp_path):
    whole = learner(boxes, PromptNetwork())
    for _ in range(8):
        whole.advance()
    half = learner(boxes, PromptNetwork())
    for _ in range(4):
        half.advance()
    half.save(tmp_path / "state.pt")
    again = learner(boxes, PromptNetwork())
    again.load(tmp_path / "state.pt")
    for _ in range(4):
        again.advance()
    for name, value in whole.average.items():
        assert torch.equal(value, again.average[name]), name


def test_the_state_of_another_run_is_refused(boxes, tmp_path):
    course = learner(boxes, PromptNetwork())
    course.save(tmp_path / "state.pt")
    other = RoundLearner(
        replace(course.recipe, boxes=3), joined(list(pixels_of(boxes, PromptNetwork(), 0)))
    )
    with pytest.raises(CheckpointError, match="was made by"):
        other.load(tmp_path / "state.pt")
