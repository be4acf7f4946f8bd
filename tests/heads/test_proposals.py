"""Clear objects are proposed first, apart from each other, at the picture's size."""

import numpy as np
import pytest

from vidmem.heads.proposals import propose_objects


def scene():
    """Two discs on a textured ground."""
    random = np.random.default_rng(0)
    image = random.integers(90, 120, (150, 240, 3)).astype(np.uint8)
    rows, columns = np.mgrid[:150, :240]
    discs = [np.hypot(rows - 70, columns - x) < 24 for x in (70, 160)]
    image[discs[0]], image[discs[1]] = (200, 50, 40), (40, 80, 210)
    return image, discs


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_two_clear_objects_are_among_the_first_three():
    image, discs = scene()
    proposals = propose_objects(image, most=3)
    for disc in discs:
        assert max(overlap(proposal.mask, disc) for proposal in proposals) > 0.7
    scores = [proposal.score for proposal in proposals]
    assert scores == sorted(scores, reverse=True)


def test_no_two_proposals_are_the_same():
    masks = [proposal.mask for proposal in propose_objects(scene()[0], most=8)]
    pairs = [overlap(a, b) for i, a in enumerate(masks) for b in masks[:i]]
    assert len(masks) <= 8 and max(pairs, default=0) < 0.6


@pytest.mark.parametrize("size", [(16, 16), (40, 300), (480, 20)])
def test_flat_and_odd_pictures_give_what_they_can(size):
    for proposal in propose_objects(np.full((*size, 3), 99, np.uint8), most=4):
        assert proposal.mask.shape == size
