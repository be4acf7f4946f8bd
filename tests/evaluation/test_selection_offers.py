"""Selection among perturbed true masks of a small rendered world, and what the perturbations do."""

import json

import numpy as np
import pytest

from vidmem.cli import main
from vidmem.evaluation import perturbing, selection
from vidmem.evaluation.selection import evaluate_selection
from vidmem.refine.selection import Choice, overlap
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig


@pytest.fixture(scope="module")
def videos():
    worlds = {seed: make_world(WorldConfig(frames=21, objects=2), seed=seed) for seed in range(4)}
    return [
        (
            f"seed {seed}",
            {i: (f.image, f.labels) for i in (0, 10, 20) for f in [world.frame(i)]},
        )
        for seed, world in worlds.items()
    ]


def test_the_best_is_taken_and_bad_ones_are_refused(videos):
    report = evaluate_selection(videos)
    assert report["offers"] >= 8
    assert report["best"] >= 0.8 and report["rejected"] >= 0.9
    assert report["best"] > report["score_best"] and report["rejected"] >= report["score_rejected"]
    assert report["taken_iou"] > report["coarse_iou"] + 0.05


@pytest.mark.parametrize(("index", "expected"), [(None, (0, 1)), (0, (None, 0))])
def test_always_none_and_always_one_are_told_apart(videos, monkeypatch, index, expected):
    monkeypatch.setattr(selection, "choose", lambda *_, **__: Choice(index, 0.0, 1.0, 1.0))
    report = evaluate_selection(videos)
    best, rejected = expected
    assert report["rejected"] == rejected
    assert report["best"] == best if best is not None else 0 < report["best"] < 0.9


def square():
    mask = np.zeros((80, 100), bool)
    mask[20:50, 30:60] = True
    return mask


def test_outlines_wander_by_their_strength():
    random = np.random.default_rng(0)
    ious = [overlap(perturbing.rough(square(), random, strength=s), square()) for s in (0.01, 0.1)]
    assert ious[0] > 0.95 and 0.5 < ious[1] < 0.9


@pytest.mark.parametrize("seed", range(5))
def test_wrong_masks_are_wrong_in_their_way(seed):
    random, mask = np.random.default_rng(seed), square()
    cut, more = perturbing.part(mask, random), perturbing.leaked(mask, random)
    less, beside = perturbing.eaten(mask, random), perturbing.moved(mask, random)
    assert not (cut & ~mask).any() and 0.2 < cut.sum() / mask.sum() < 0.65
    assert not (mask & ~more).any() and more.sum() > 1.05 * mask.sum()
    assert not (less & ~mask).any() and less.sum() < 0.95 * mask.sum()
    assert abs(int(beside.sum()) - int(mask.sum())) < 0.1 * mask.sum()
    assert overlap(beside, mask) < 0.8
    other = np.roll(mask, 38, axis=1)
    wrong = perturbing.another(mask, [other], random)
    assert not (other & ~wrong).any()


def test_the_command_prints_the_shares(capfd):
    with pytest.raises(SystemExit) as stopped:
        main(["eval", "selection", "--seeds", "1", "--json", "--quiet"])
    assert stopped.value.code == 0
    report = json.loads(capfd.readouterr().out)
    assert report["offers"] > 0 and 0 <= report["best"] <= 1 and 0 <= report["rejected"] <= 1
