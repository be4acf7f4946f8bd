"""One picture's guess joins geometry: it stands where nothing else is known, and only there."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config, DepthConfig
from vidmem.engine import load
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.learned_depth import MonoDepth
from vidmem.heads.learned_network import MonoNetwork
from vidmem.types import Frame, Intrinsics

SIZE = (120, 160)
CAMERA = Intrinsics(140.0, 140.0, 80.0, 60.0)
TEXTURE = cv2.GaussianBlur(
    np.random.default_rng(5).integers(0, 255, (256, 400, 3)).astype(np.uint8), (0, 0), 1.5
)


class Sloped(MonoDepth):
    """Knows one thing: the left is twice as near as the right."""

    def __init__(self) -> None:
        self.asked = 0

    def guess(self, image, camera, size):
        self.asked += 1
        line = np.linspace(1.2, 0.6, size[1], dtype=np.float32)
        return np.tile(line, (size[0], 1))


def frames(step: float, count: int):
    """A wavy textured wall whose foot is nearer, seen from a camera that slides."""
    columns, rows = np.meshgrid(np.arange(160), np.arange(120))
    inverse = 0.5 + 0.2 * np.cos(columns / 25) + 0.3 * rows / 120
    for index in range(count):
        x = columns + index * step * 140 * inverse
        image = cv2.remap(TEXTURE, (x + 20).astype(np.float32), rows.astype(np.float32) + 50, 1)
        yield Frame(image, index, index / 30, CAMERA)


def depths(mono, step: float, count: int):
    engine = load("nano", depth=GeometricDepth(DepthConfig(), mono=mono), config=Config())
    return [result.depth for result in engine.run(frames(step, count))]


def test_the_first_frame_is_the_guess():
    (depth,) = depths(Sloped(), 0.0, 1)
    line = np.median(depth.inverse, 0)
    assert line[4] / line[-4] == pytest.approx(2, rel=0.1)
    assert depth.confidence.max() < 0.3, "a guess is no measurement"


def test_a_camera_that_stands_still_keeps_asking_and_does_not_flicker():
    mono = Sloped()
    found = depths(mono, 0.0, 4)
    assert mono.asked == 2, "every other frame carries it on"
    np.testing.assert_allclose(found[-1].inverse, found[0].inverse, rtol=0.02)


def test_carried_depth_asks_for_no_new_guess():
    mono = Sloped()
    depth = GeometricDepth(DepthConfig(), mono=mono)
    engine = load("nano", depth=depth, config=Config())
    for frame in frames(0.0, 2):
        engine.step(frame)
    recall = engine.memory.read(2)
    last = list(frames(0.0, 3))[2]
    features = engine.models.encode(last, recall.previous)
    carried = depth.carry(last, features, recall, engine.models.segment(features, recall, ()))
    assert mono.asked == 1
    np.testing.assert_allclose(carried.inverse, recall.previous.depth.inverse, rtol=0.02)


def test_the_shape_of_a_guess_goes_when_geometry_begins():
    wrong, none = depths(Sloped(), 0.03, 10)[-1], depths(None, 0.03, 10)[-1]
    ratio = wrong.inverse / none.inverse
    assert np.std(ratio) / np.mean(ratio) < 0.02


def test_left_out_indices_change_nothing():
    whole, odd = (load("nano", config=Config()) for _ in range(2))
    for frame in frames(0.03, 12):
        one = whole.step(frame).depth
        two = odd.step(replace(frame, index=2 * frame.index + 1)).depth
        np.testing.assert_array_equal(one.inverse, two.inverse)
    assert one.confidence.mean() > 0.15, "geometry has begun"


def test_geometry_stands_where_it_is_sure_and_takes_over_the_unit():
    class Wrong(Sloped):
        def guess(self, image, camera, size):
            return 3 * super().guess(image, camera, size)[:, ::-1].copy()

    with_it, without = depths(Wrong(), 0.03, 10)[-1], depths(None, 0.03, 10)[-1]
    assert without.confidence.mean() > 0.15, "geometry has begun"
    sure = without.confidence > np.median(without.confidence)
    ratio = with_it.inverse[sure] / without.inverse[sure]
    assert np.std(ratio) / np.mean(ratio) < 0.1, "the same shape"
    assert np.median(with_it.inverse) == pytest.approx(2.7, rel=0.25), "the guess chose the unit"


def test_without_it_nothing_changes():
    default = load("nano", config=Config(depth=DepthConfig(mono="off", memory="off")))
    plain = [r.depth.inverse for r in default.run(frames(0.03, 6))]
    for depth, other in zip(depths(None, 0.03, 6), plain, strict=True):
        np.testing.assert_array_equal(depth.inverse, other)


@pytest.mark.parametrize("size", [(240, 432), (432, 240), (16, 16), (40, 400), (239, 431)])
def test_a_network_answers_at_any_size(size):
    torch.manual_seed(0)
    network = MonoNetwork().eval()
    image = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    camera = Intrinsics(300.0, 300.0, size[1] / 2, size[0] / 2)
    with torch.no_grad():
        guess = MonoDepth(network).guess(image, camera, (60, 80))
    assert guess.shape == (60, 80)
    assert np.isfinite(guess).all() and (guess > 0).all()
    assert guess.mean() == pytest.approx(1, rel=0.05)


def test_the_same_room_brighter_gets_the_same_answer():
    torch.manual_seed(0)
    network, image = MonoNetwork().eval(), torch.rand(1, 3, 96, 128) * 0.5
    rays = torch.zeros(1, 2, 96, 128)
    with torch.no_grad():
        dark, bright = network(image, rays), network(1.9 * image, rays)
    assert (dark - bright).abs().max() < 0.05 * dark.std() + 0.02
