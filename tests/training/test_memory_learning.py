"""Learning to remember: windows are true to their clips, training is exact and it learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem.errors import SourceError
from vidmem.heads.memory_motion import stray, warped
from vidmem.training.clips import DepthClip, clip_of, read_clips
from vidmem.training.memory_learning import (
    MemoryLearner,
    MemoryRecipe,
    answers_of,
    temporal_error,
)
from vidmem.training.memory_windows import Cut, window_of

RECIPE = MemoryRecipe(clips=1, batch=1, steps=4, frames=4, warm_up=1)
SIZE = (48, 56)
FOCAL, STEP = 60.0, 0.02


@pytest.fixture(scope="module")
def sliding() -> DepthClip:
    """A camera that slides to the right before a slanted wall; the base flickers."""
    random = np.random.default_rng(0)
    frames, (rows, columns) = 12, (56, 72)
    inverse = np.tile(np.linspace(0.4, 1.2, rows)[:, None], (1, columns))
    flow = np.zeros((frames, rows, columns, 2))
    flow[..., 0] = FOCAL * STEP * inverse
    texture = random.integers(0, 255, (rows, columns + 40, 3))
    motion = np.eye(4)
    motion[0, 3] = STEP
    flicker = np.where(np.arange(frames) % 2, 0.08, -0.08)[:, None, None]
    whole = np.broadcast_to
    return DepthClip(
        images=np.stack([texture[:, i : i + columns] for i in range(frames)]).astype(np.uint8),
        log_inverse=(np.log(inverse) + flicker).astype(np.float16),
        confidence=np.full((frames, rows, columns), 0.5, np.float16),
        flow=flow.astype(np.float16),
        motions=np.stack([motion] * frames),
        cameras=np.array([[FOCAL, FOCAL, 36.0, 28.0]] * frames),
        depth_m=whole(1 / inverse, (frames, rows, columns)).astype(np.float16),
        true_flow=flow.astype(np.float16),
        visible=np.ones((frames, rows, columns), bool),
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_cut_is_a_video_of_its_own(sliding, mirrored):
    log = -np.log(sliding.depth_m.astype(np.float32))
    exact = replace(sliding, log_inverse=log.astype(np.float16))
    cut = Cut(exact, start=2, top=4, left=9, mirrored=mirrored)
    window = window_of([cut], length=3, size=SIZE)
    frame = window.seen[1]
    assert torch.allclose(window.true_log[1], frame.log_inverse[:, 0], atol=2e-3)
    unexplained = stray(frame.flow, frame.log_inverse, frame.camera, frame.motion)
    assert unexplained.abs().max() < 0.02, "flow, depth, camera and motion belong together"


def test_the_truth_is_steady_and_flicker_is_not(sliding):
    window = window_of([Cut(sliding)], length=4, size=SIZE)
    truth = [log[:, None] for log in window.true_log]
    assert temporal_error(truth, window) < 1e-3
    assert temporal_error([f.log_inverse for f in window.seen], window) > 0.1


def test_it_learns_to_be_steady(sliding):
    learner = MemoryLearner(replace(RECIPE, steps=12, ema=0.5))
    for _ in range(12):
        learner.advance([sliding])
    found = learner.examine([sliding])
    assert found["temporal"] < 0.8 * found["base temporal"]
    assert found["temporal"] < 0.8 * found["no tokens temporal"], "the tokens do it"


def test_killed_training_resumes_to_the_same_losses(sliding, tmp_path):
    straight = MemoryLearner(RECIPE)
    expected = [straight.advance([sliding]) for _ in range(3)]
    first = MemoryLearner(RECIPE)
    losses = [first.advance([sliding]) for _ in range(2)]
    first.save(tmp_path / "state.pt")
    torch.rand(5)
    second = MemoryLearner(RECIPE)
    second.load(tmp_path / "state.pt")
    losses.append(second.advance([sliding]))
    assert losses == expected


def test_a_rendered_clip_is_what_the_head_would_be_given():
    clip = next(c for seed in range(9) if (c := clip_of(seed, frames=3, size=(64, 96))))
    assert clip.log_inverse.shape == (3, 16, 24) == clip.depth_m.shape
    assert np.array_equal(clip.motions[0], np.eye(4))
    true = torch.from_numpy(-np.log(clip.depth_m.astype(np.float32)))[:, None]
    flow = torch.from_numpy(clip.true_flow.astype(np.float32)).permute(0, 3, 1, 2)
    apart = (warped(true[:-1], flow[1:]) - true[1:]).abs()[:, 0]
    assert np.median(apart[clip.visible[1:]]) < 0.1, "true flow leads to the same surface"
    again = next(c for seed in range(9) if (c := clip_of(seed, frames=3, size=(64, 96))))
    assert np.array_equal(clip.images, again.images)


def test_an_empty_folder_names_the_remedy(tmp_path):
    with pytest.raises(SourceError, match=r"no rendered clips"):
        read_clips(tmp_path)


def test_without_tokens_nothing_is_remembered(sliding):
    window = window_of([Cut(sliding)], length=3, size=SIZE)
    network = MemoryLearner(RECIPE).network
    with torch.no_grad():
        first = answers_of(network, window.seen[:1])[0]
        alone = answers_of(network, window.seen[:1], tokens=False)[0]
    assert torch.equal(first, alone)
