"""Scenarios keep their promises: hidden for exactly as long as said, seen before and after."""

from dataclasses import replace

import numpy as np
import pytest

from vidmem.training.long import CAMERA, DISTRACTORS, TARGETS, long_video
from vidmem.training.scenarios import LOOK_ALIKE, TARGET, Scenario, occlusion
from vidmem.training.topology import topology
from vidmem.training.world import WorldConfig

SMALL = WorldConfig(height=60, width=108, camera_motion=0.5, travel=0.0, furniture=2)


@pytest.fixture(scope="module", params=[13, 14])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return occlusion(request.param, hidden_frames=17, config=SMALL)


def test_the_target_is_hidden_for_exactly_the_frames_said(scenario: Scenario) -> None:
    seen = np.array(
        [(scenario.world.labels(t) == TARGET).any() for t in range(len(scenario.world))]
    )
    (hidden,) = scenario.hidden
    assert len(hidden) == 17
    assert [t for t in range(len(seen)) if not seen[t]] == list(hidden)
    assert hidden.start >= 20
    assert len(seen) - hidden.stop >= 25


def test_the_look_alike_is_in_view_while_the_target_is_not(scenario: Scenario) -> None:
    (hidden,) = scenario.hidden
    assert scenario.look_alike == LOOK_ALIKE
    seen = [(scenario.world.labels(t) == LOOK_ALIKE).any() for t in hidden]
    assert np.mean(seen) > 0.9


def test_prompts_are_the_truth_of_frame_0(scenario: Scenario) -> None:
    mask, box = scenario.prompt("mask").mask, scenario.prompt("box").box
    assert mask is not None and box is not None
    assert np.array_equal(mask, scenario.world.frame(0).labels == TARGET)
    left, top, right, bottom = (int(v) for v in box)
    assert mask[top:bottom, left:right].sum() == mask.sum()
    assert mask[top].any() and mask[bottom - 1].any()


def test_without_look_alike_there_is_none() -> None:
    scenario = occlusion(12, hidden_frames=9, look_alike=False, config=SMALL)
    assert scenario.look_alike is None
    assert LOOK_ALIKE not in scenario.world.names


def test_long_videos_lose_their_targets() -> None:
    config = replace(CAMERA, height=60, width=108, furniture=1)
    video = long_video(1, frames=900, config=config)
    assert len(video.world) == 900
    samples = [video.world.labels(t) for t in range(0, 900, 10)]
    for target in TARGETS:
        seen = np.array([(labels == target).any() for labels in samples])
        assert seen[0]
        assert 0.3 < seen.mean() < 0.97
        assert (np.diff(seen.astype(int)) < 0).sum() >= 1
    assert set(DISTRACTORS) <= set(video.world.names)


@pytest.mark.parametrize("seed", range(6))
def test_changing_objects_stay_in_view_and_change(seed: int) -> None:
    config = replace(SMALL, camera_motion=0.0)
    video = topology(seed, frames=24, config=config)
    first, last = video.world.frame(0), video.world.frame(23)
    counts = [(video.world.labels(t) == 1).sum() for t in range(24)]
    assert min(counts) > 15
    if video.change in ("recolour", "turn"):
        before, after = (f.image[f.labels == 1].mean(0) for f in (first, last))
        assert np.abs(before - after).max() > 8
    else:
        shift = _centred(first.labels == 1) ^ _centred(last.labels == 1)
        assert shift.sum() > 0.2 * counts[0]


def _centred(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    shift = (mask.shape[0] // 2 - int(rows.mean()), mask.shape[1] // 2 - int(columns.mean()))
    return np.roll(mask, shift, axis=(0, 1))


def test_split_makes_two_pieces_of_one() -> None:
    import cv2

    pieces = []
    video = topology(6, frames=24, config=replace(SMALL, height=120, width=216))
    for t in (0, 23):
        mask = (video.world.labels(t) == 1).astype(np.uint8)
        pieces.append(cv2.connectedComponents(mask)[0] - 1)
    assert video.change == "split"
    assert pieces[0] == 1 and pieces[1] >= 2
