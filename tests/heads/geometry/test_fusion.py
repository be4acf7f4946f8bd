import numpy as np
import pytest

from vidmem.heads.geometry.camera import rays_of
from vidmem.heads.geometry.fusion import carry, confidence_of, join, within
from vidmem.types import Intrinsics

SIZE = (20, 30)
RAYS = rays_of(Intrinsics(30.0, 30.0, 15.0, 10.0), SIZE)


def constant(value):
    return np.full(SIZE, value, np.float32)


def test_nothing_from_beyond_the_edge_is_mixed_in():
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = -0.5
    assert not within(flow)[:, 0].any()
    assert within(flow)[:, 1:].all()
    inverse, variance = carry(
        constant(0.5), constant(1e-4), flow, (RAYS, RAYS), np.eye(4), focal=30.0
    )
    assert inverse[:, 0] == pytest.approx(0.5)
    assert (confidence_of(inverse, variance, parallax_px=5.0)[:, 0] < 0.2).all()


def test_carrying_alone_makes_unsure():
    flow = np.zeros((*SIZE, 2), np.float32)
    _, variance = carry(constant(0.5), constant(1e-4), flow, (RAYS, RAYS), np.eye(4), focal=30.0)
    assert (variance > 1e-4).all()


def test_what_agrees_is_averaged_and_what_contradicts_is_replaced():
    good = np.ones(SIZE, bool)
    value, spread = join(constant(1.0), constant(0.01), constant(1.1), constant(0.01), good)
    assert value == pytest.approx(1.05)
    assert (spread < 0.01).all()
    value, spread = join(constant(1.0), constant(0.01), constant(3.0), constant(0.01), good)
    assert value == pytest.approx(3.0)
    assert (spread > 0.01).all()


def test_little_parallax_is_not_trusted_however_sure_the_pixels_are():
    inverse = np.ones((2, 2), np.float32)
    variance = np.full((2, 2), 0.03**2, np.float32)
    assert (confidence_of(inverse, variance, parallax_px=0.9) < 0.15).all()
    assert (confidence_of(inverse, variance, parallax_px=10.0) > 0.85).all()
