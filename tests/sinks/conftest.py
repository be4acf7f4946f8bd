"""Results made by hand: two objects that move, depth that tilts."""

import numpy as np
import pytest
import torch

from vidmem.types import Decision, Depth, Frame, Intrinsics, Masks, ObjectState, Result

SIZE = (48, 64)


def make_result(index, *, size=SIZE, seconds=None, metric=True, depth=True, labels=None):
    """One result; object 1 is a square that walks right, object 2 a strip at the bottom."""
    height, width = size
    if labels is None:
        labels = np.zeros(size, np.uint8)
        left = 2 + index % max(1, width // 2)
        labels[height // 4 : height // 2, left : left + width // 4] = 1
        labels[-height // 6 :, :] = 2
    rng = np.random.default_rng(index)
    image = cv_noise(rng, size)
    states = tuple(make_state(labels, object_id) for object_id in (1, 2))
    masks = Masks(
        (1, 2), torch.zeros(2, 4, 4), (0.9, 0.8), (1.0, 1.0), (False,) * 2, {}, {}, labels
    )
    return Result(
        Frame(image, index, index / 25 if seconds is None else seconds),
        masks,
        make_depth(metric=metric, index=index) if depth else None,
        states,
        (Decision(index, "object:1", "admit", "first prompt", index),),
        {"encode": 1.5, "segment": 2.0},
        12345,
    )


def cv_noise(rng, size):
    """A smooth picture, so that codecs keep it."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    base = rng.integers(40, 200)
    return np.stack([base + rows % 40, base + columns % 40, base + 0 * rows], -1).astype(np.uint8)


def make_state(labels, object_id):
    mask = labels == object_id
    if not mask.any():
        return ObjectState(object_id, f"thing {object_id}", "lost", 0.1, None, 0, 1.0)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return ObjectState(object_id, f"thing {object_id}", "visible", 0.9, box, int(mask.sum()), 0.0)


def make_depth(*, metric=True, index=0, scene=0, nearest=1.0):
    inverse = np.linspace(0.1, nearest, 24 * 32, dtype=np.float32).reshape(24, 32)
    camera = Intrinsics(30.0, 30.0, 16.0, 12.0)
    return Depth(inverse, np.ones_like(inverse), metric, camera, scene)


@pytest.fixture(name="make_result", scope="session")
def make_result_fixture():
    """Makes one result."""
    return make_result


@pytest.fixture(name="make_depth", scope="session")
def make_depth_fixture():
    """Makes depth."""
    return make_depth
