"""Optical flow: every preset finds a known motion; a deadline makes it hurry."""

from dataclasses import replace
from typing import get_args

import cv2
import numpy as np
import pytest

from vidmem import Config, load
from vidmem.config import RuntimeConfig
from vidmem.flow import Preset, flow, forward_backward_error, warp
from vidmem.testing import moving_square

random = np.random.default_rng(0)
WIDE = cv2.GaussianBlur(random.integers(0, 255, (160, 200)).astype(np.uint8), (0, 0), 2)
WIDE = cv2.normalize(WIDE, None, 0, 255, cv2.NORM_MINMAX)
HERE, THERE = WIDE[20:140, 20:180].copy(), WIDE[17:137, 24:184].copy()
"""What is at x here is at x - 4 there, and 3 lower."""


@pytest.mark.parametrize("preset", get_args(Preset))
def test_every_preset_finds_a_shift(preset):
    found = flow(HERE, THERE, preset=preset)
    assert np.abs(np.median(found[20:-20, 20:-20], (0, 1)) - (-4, 3)).max() < 0.3


def test_going_there_and_back_ends_where_it_began():
    there, back = flow(HERE, THERE), flow(THERE, HERE)
    assert np.median(forward_backward_error(there, back)) < 0.2
    assert np.abs(warp(THERE.astype(np.float32), there) - HERE)[20:-20, 20:-20].mean() < 5


def test_tiny_pictures_have_no_flow():
    assert not flow(HERE[:8, :8].copy(), THERE[:8, :8].copy()).any()


def test_a_deadline_makes_the_flow_between_frames_hurry():
    video = list(moving_square(2))
    config = Config()
    hurried = replace(config, runtime=RuntimeConfig(deadline_ms=1000.0))
    offsets = []
    for each in (config, config, hurried):
        engine = load(config=each)
        engine.step(video[0])
        recall = engine.memory.read(1)
        offsets.append(engine.models.encode(video[1], recall.previous).flow)
    assert np.array_equal(offsets[0], offsets[1])
    assert not np.array_equal(offsets[0], offsets[2])


@pytest.mark.parametrize("size", [(16, 160), (24, 304), (31, 300), (300, 20)])
@pytest.mark.parametrize("preset", ["ultrafast", "fast", "hurried", "brisk", "medium"])
def test_low_and_narrow_pictures_have_flow_with_every_preset(size, preset):
    picture = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
    assert np.isfinite(flow(picture, picture, preset=preset)).all()
