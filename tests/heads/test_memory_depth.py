"""Depth that remembers: steadier than its base, its whole state in the memory, pages rewritten."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config, DepthConfig, MemoryConfig
from vidmem.engine import load
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.memory_depth import SCENE, MemoryDepth
from vidmem.heads.memory_network import MemoryNetwork
from vidmem.testing import check_depth_base
from vidmem.types import Depth, Frame, Intrinsics

CAMERA = Intrinsics(140.0, 140.0, 80.0, 60.0)
TEXTURE = cv2.GaussianBlur(
    np.random.default_rng(5).integers(0, 255, (256, 500, 3)).astype(np.uint8), (0, 0), 1.5
)
CONFIG = Config(memory=MemoryConfig(snapshots=2, snapshot_every=4))


def frames(count: int, step: float = 0.03):
    """A wavy textured wall whose foot is nearer, seen from a camera that slides."""
    columns, rows = np.meshgrid(np.arange(160), np.arange(120))
    inverse = 0.5 + 0.2 * np.cos(columns / 25) + 0.3 * rows / 120
    for index in range(count):
        x = columns + index * step * 140 * inverse
        image = cv2.remap(TEXTURE, (x + 20).astype(np.float32), rows.astype(np.float32) + 50, 1)
        yield Frame(image, index, index / 30, CAMERA)


class Flickering:
    """A base without state or poses: a wall at one metre, 10 % off in turn."""

    def estimate(self, frame, features, recall, masks):
        size = features.grey.shape
        error = 1.1 if frame.index % 2 else 1 / 1.1
        return Depth(
            inverse=np.full(size, error, np.float32),
            confidence=np.full(size, 0.5, np.float32),
            metric=False,
            intrinsics=CAMERA,
            scene=0,
            keyframe={"grey": torch.from_numpy(features.grey)},
            travel_px=4.0 * frame.index,
        )


@pytest.fixture(scope="module")
def trusting():
    """An untrained network that believes what it reads."""
    torch.manual_seed(0)
    network = MemoryNetwork().eval().requires_grad_(False)
    network.out.bias[0] = 3.0
    return network


def geometric(network, **options):
    return MemoryDepth(GeometricDepth(DepthConfig()), network, **options)


def answers(depth, video):
    return [r.depth.inverse for r in load(config=CONFIG, depth=depth).run(video)]


def test_a_new_network_changes_nothing():
    torch.manual_seed(0)
    remembering = answers(geometric(MemoryNetwork().eval()), frames(8))
    for depth, plain in zip(
        remembering, answers(GeometricDepth(DepthConfig()), frames(8)), strict=True
    ):
        np.testing.assert_array_equal(depth, plain)


def test_it_keeps_the_promises_of_a_depth_base(trusting):
    check_depth_base(geometric(trusting))
    check_depth_base(MemoryDepth(Flickering(), trusting))


def test_what_flickers_becomes_steadier(trusting):
    def unrest(depths):
        return float(np.abs(np.diff(np.log([d.mean() for d in depths[2:]]))).mean())

    video = list(frames(12, step=0.0))
    plain, steady = (
        unrest(answers(each, video)) for each in (Flickering(), MemoryDepth(Flickering(), trusting))
    )
    assert plain == pytest.approx(2 * np.log(1.1), rel=0.01)
    assert steady < 0.65 * plain


@pytest.mark.parametrize("update", ["off", "gate", "gradient"])
def test_a_restored_engine_goes_on_bit_equal(trusting, tmp_path, update):
    video = list(frames(12))
    engine = load(config=CONFIG, depth=geometric(trusting, update=update))
    for frame in video[:8]:
        engine.step(frame)
    engine.save(tmp_path / "state.safetensors")
    other = load(
        config=CONFIG,
        depth=geometric(trusting, update=update),
        state=tmp_path / "state.safetensors",
    )
    for frame in video[8:]:
        expected, found = engine.step(frame).depth, other.step(frame).depth
        np.testing.assert_array_equal(found.inverse, expected.inverse)


@pytest.mark.parametrize(("update", "moves"), [("off", False), ("gate", True), ("gradient", True)])
def test_updates_are_new_versions_of_pages_and_snapshots_keep_the_old(trusting, update, moves):
    video = list(frames(10))
    engine = load(config=CONFIG, depth=geometric(trusting, update=update))
    for frame in video[:9]:
        engine.step(frame)
    keyframe = engine.memory.keyframes[-2]
    before = keyframe.pages[SCENE].slot
    values = engine.memory.read_page("scene", before)[1].clone()
    engine.memory.snapshot()
    engine.step(video[9])
    index = keyframe.card.index
    after = next(k for k in engine.memory.keyframes if k.card.index == index).pages[SCENE].slot
    assert (after != before) == moves
    assert torch.equal(engine.memory.read_page("scene", before)[1], values)
    assert torch.equal(engine.memory.read_page("scene", after)[1], values) != moves


def test_going_back_gives_the_same_answers(trusting):
    engine = load(config=CONFIG, depth=geometric(trusting, update="gate"))
    video = list(frames(11))
    first = [result.depth.inverse for result in engine.run(video)]
    for result in engine.correct(6, [], video):
        np.testing.assert_array_equal(result.depth.inverse, first[result.frame.index])


def test_pages_stay_within_the_budget(trusting):
    config = replace(CONFIG, memory=MemoryConfig(keyframes=4, snapshots=2, snapshot_every=2))
    engine = load(config=config, depth=geometric(trusting, update="gate"))
    held = [result.memory_bytes for result in engine.run(frames(30))]
    pages = [k for k in engine.memory.keyframes if SCENE in k.pages]
    assert len(pages) == 4
    assert all(k.pages[SCENE].slot >= 0 for k in pages)
    assert max(held[20:]) <= 1.01 * max(held[10:20])


def test_another_scene_is_not_read(trusting):
    class Cut(Flickering):
        def estimate(self, frame, features, recall, masks):
            depth = super().estimate(frame, features, recall, masks)
            return replace(depth, scene=int(frame.index >= 6), inverse=depth.inverse * 1.2)

    plain, found = (
        answers(each, list(frames(7, step=0.0))) for each in (Cut(), MemoryDepth(Cut(), trusting))
    )
    assert np.abs(found[5] / plain[5] - 1).max() > 0.01
    np.testing.assert_allclose(found[6], plain[6], rtol=1e-5)
