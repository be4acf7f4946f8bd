import numpy as np
import torch

from vidmem.statistics import HURRIED, Appearance, balanced, guided, joined, looks


def two_colours():
    features = torch.zeros(20, 30, 3)
    features[..., 0] = 1
    features[:, :10, 1] = 1
    features[:, 10:, 2] = 1
    inside = torch.zeros(20, 30)
    inside[:, :10] = 1
    return features, inside


def test_classifier_separates_what_it_was_taught():
    features, inside = two_colours()
    appearance = Appearance.empty(3).taught(features, inside, permanent=True)
    scores = features @ appearance.classifier()
    assert scores[inside > 0].min() > 0.8
    assert scores[inside == 0].max() < -0.8


def test_recent_part_fades_and_permanent_part_stays():
    features, inside = two_colours()
    appearance = Appearance.empty(3).taught(features, inside, permanent=True)
    later = appearance.taught(features, inside, permanent=False)
    again = later.taught(features, 1 - inside, permanent=False)
    assert torch.equal(again.permanent_a, appearance.permanent_a)
    assert torch.equal(later.permanent_b, appearance.permanent_b)
    assert again.recent_b[1] < later.recent_b[1]


def test_a_hurried_refresh_follows_a_change_that_a_steady_one_does_not_yet():
    features, inside = two_colours()
    appearance = Appearance.empty(3).taught(features, inside, permanent=True)
    steady = appearance.taught(features, 1 - inside, permanent=False)
    hurried = appearance
    for _ in range(2):
        hurried = hurried.taught(features, 1 - inside, permanent=False, pace=HURRIED)
    first, other = (features[0, column] for column in (0, 20))
    assert first @ steady.classifier() > 0 > other @ steady.classifier()
    assert first @ hurried.classifier() < 0 < other @ hurried.classifier()


def test_state_returns_the_same_classifier():
    features, inside = two_colours()
    appearance = Appearance.empty(3).taught(features, inside, permanent=True)
    again = Appearance.from_state(appearance.state())
    assert torch.equal(again.classifier(), appearance.classifier())


def test_classes_weigh_the_same_and_near_background_more_than_far():
    inside = torch.zeros(60, 200)
    inside[20:40, :10] = 1
    weights = balanced(inside)
    assert abs(float(weights[inside > 0].sum()) - 0.5) < 1e-4
    assert abs(float(weights[inside == 0].sum()) - 0.5) < 1e-4
    assert weights[30, 12] > 2 * weights[30, 190]


def test_one_pixel_and_empty_masks_give_finite_classifiers():
    features, inside = two_colours()
    for area in (0, 1):
        small = torch.zeros_like(inside)
        small.view(-1)[:area] = 1
        appearance = Appearance.empty(3).taught(features, small, permanent=True)
        assert bool(appearance.classifier().isfinite().all())


def test_guided_moves_a_boundary_to_the_edge_of_the_picture():
    guide = np.zeros((20, 40, 3), np.float32)
    guide[:, 20:] = 1
    coarse = np.zeros((20, 40), np.float32)
    coarse[:, 18:] = 1
    slope, offset = guided(guide, coarse, radius=6, epsilon=1e-4)
    sharp = (slope * guide).sum(-1) + offset
    assert ((sharp > 0.5) == (guide[..., 0] > 0.5)).mean() > 0.97


def test_every_fourth_pixel_teaches_what_all_do():
    features, inside = two_colours()
    all_of_it, some = (
        Appearance.empty(features.shape[-1]).taught(features, inside, permanent=permanent)
        for permanent in (True, False)
    )
    whole, thinned = all_of_it.permanent_a, some.recent_a / 0.3
    assert (whole - thinned).abs().max() < 0.05 * whole.abs().max()


def test_only_pixels_that_teach_are_lifted_to_what_the_classifier_sees():
    features, inside = two_colours()
    lifted = []

    def lift(rows):
        lifted.append(len(rows))
        return torch.cat([rows, rows.square()], 1)

    plain = Appearance.empty(6).taught(features, inside, permanent=False, lift=lift)
    whole = torch.cat([features, features.square()], 2)
    wanted = Appearance.empty(6).taught(whole, inside, permanent=False)
    assert torch.allclose(plain.recent_a, wanted.recent_a)
    assert lifted[0] < inside.numel()


def test_looks_round_the_same_wherever_arrays_lie_in_memory():
    dice = np.random.default_rng(0)
    image = dice.integers(0, 255, (48, 64, 3), np.uint8)
    grey = np.ascontiguousarray(image[..., 0])
    held, seen = [], set()
    for _ in range(60):
        held.append(np.empty(dice.integers(1, 5000)))
        seen.add(joined(looks(image, grey)).numpy().tobytes())
    assert len(seen) == 1
