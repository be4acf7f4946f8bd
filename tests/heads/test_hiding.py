import numpy as np
import pytest
import torch

from vidmem.heads.hiding import tell_hidden
from vidmem.types import Depth, Features, Intrinsics, Masks, Previous, Recall

SIZE = (96, 128)


def masks_of(inside, presence):
    logits = torch.where(torch.from_numpy(inside), 5.0, -5.0)[None]
    return Masks((1,), logits, (presence,), (presence,), (presence < 0.5,), {})


def run(places, *, inverse=0.5, nearer_at=None, confidence=0.0):
    """The last verdict after an object was seen in ``places`` (None: not seen)."""
    previous, told = None, None
    for index, place in enumerate(places):
        inside = np.zeros(SIZE, bool)
        if place is not None:
            left, right = place
            inside[40:70, left:right] = True
        picture = np.zeros(SIZE, np.uint8)
        flow = np.zeros((*SIZE, 2), np.float32) if index else None
        features = Features(np.dstack([picture] * 3), picture, flow)
        values = np.full(SIZE, inverse, np.float32)
        if nearer_at is not None and place is None:
            values[:, nearer_at] = 3 * inverse
        depth = Depth(
            values,
            np.full(SIZE, confidence, np.float32),
            metric=False,
            intrinsics=Intrinsics(100.0, 100.0, 64.0, 48.0),
            scene=0,
        )
        masks = masks_of(inside, 0.0 if place is None else 1.0)
        recall = Recall(index, previous, {}, {}, ())
        told, depth = tell_hidden(features, recall, masks, depth)
        previous = Previous(index, index / 30, features, told, depth)
    return told.occluded[0]


WHOLE = [(20 + i, 50 + i) for i in range(10)]
GONE = [None] * 12


def test_what_went_bit_by_bit_is_hidden():
    assert run([*WHOLE, (35, 60), (38, 60), (44, 60), (52, 60), *GONE])


def test_what_went_at_once_is_lost():
    assert not run([*WHOLE, *GONE])


def test_what_left_over_the_border_is_lost():
    leaving = [(min(127, 80 + 4 * i), min(128, 110 + 4 * i)) for i in range(12)]
    assert not run([*leaving, *GONE])


def test_a_surface_sure_and_nearer_tips_the_scale_a_little_only():
    places = [*WHOLE, *GONE]
    assert not run(places, nearer_at=slice(0, 128), confidence=1.0)
    assert run([*WHOLE, (42, 60), (52, 60), *GONE], confidence=1.0)


def test_no_depth_and_no_objects_change_nothing():
    inside = np.zeros(SIZE, bool)
    masks = masks_of(inside, 1.0)
    features = Features(np.zeros((*SIZE, 3), np.uint8), np.zeros(SIZE, np.uint8), None)
    told, depth = tell_hidden(features, Recall(0, None, {}, {}, ()), masks, None)
    assert told is masks
    assert depth is None


@pytest.mark.parametrize("presence", [0.0, 1.0])
def test_an_object_never_seen_keeps_what_the_tracker_said(presence):
    masks = masks_of(np.zeros(SIZE, bool), presence)
    features = Features(np.zeros((*SIZE, 3), np.uint8), np.zeros(SIZE, np.uint8), None)
    depth = Depth(
        np.ones(SIZE, np.float32),
        np.ones(SIZE, np.float32),
        metric=False,
        intrinsics=Intrinsics(100.0, 100.0, 64.0, 48.0),
        scene=0,
    )
    told, _ = tell_hidden(features, Recall(0, None, {}, {}, ()), masks, depth)
    assert told.occluded == masks.occluded
