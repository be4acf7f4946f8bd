"""Objects that go behind something and come back, with a look-alike in view (rendered worlds)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import region
from vidmem.training.scenarios import Scenario, occlusion

FOUND_OVERLAP = 0.5
FOUND_FRAMES = 10
"""Frames after the return within which the object must be found."""
TAKEN_SHARE = 0.5
TAKEN_FRAMES = 2
"""The look-alike is taken where more than this share of the mask lies on it in more frames."""


def evaluate_occlusion(
    seeds: Sequence[int],
    *,
    make_engine: Callable[[], Engine],
    hidden_frames: int = 40,
    make_scenario: Callable[..., Scenario] = occlusion,
    track: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> dict[str, Any]:
    """Follow the first mask through the occlusion, one video per seed.

    Returns:
        ``empty``: share of the hidden frames with an empty mask; ``found``: share of the videos in
        which the object is found (IoU above 0.5) within 10 frames of its return; ``taken``: share
        in which the look-alike is taken for it.
    """
    rows: dict[str, dict[str, float]] = {}
    for seed in track(seeds):
        scenario = make_scenario(seed, hidden_frames=hidden_frames)
        rows[f"seed {seed}"] = _score(scenario, make_engine())
    means = {
        name: float(np.mean([row[name] for row in rows.values()]))
        for name in ("empty", "found", "taken")
    }
    return {**means, "sequences": rows, "config_hash": make_engine().config.hash()}


def _score(scenario: Scenario, engine: Engine) -> dict[str, float]:
    (hidden,) = scenario.hidden
    empty, overlaps, on_other = [], [], 0
    for result in engine.run(scenario.world.frames(), {0: [scenario.prompt()]}):
        index = result.frame.index
        mask, labels = result.masks.mask(scenario.target), scenario.world.labels(index)
        other = mask & (labels == scenario.look_alike)
        on_other += bool(mask.any() and other.sum() > TAKEN_SHARE * mask.sum())
        if index in hidden:
            empty.append(not mask.any())
        elif hidden.stop <= index < hidden.stop + FOUND_FRAMES:
            overlaps.append(region(mask, labels == scenario.target))
    return {
        "empty": float(np.mean(empty)),
        "found": float(max(overlaps, default=0.0) > FOUND_OVERLAP),
        "taken": float(on_other > TAKEN_FRAMES),
    }
