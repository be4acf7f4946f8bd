"""What the policy of the memory is worth: several engines over the same long rendered video."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import contour, region
from vidmem.training.long import LongVideo
from vidmem.training.scenarios import prompt_of

EVERY = 5
"""Frames between those that are scored."""


def evaluate_policies(
    video: LongVideo,
    engines: Mapping[str, Engine],
    *,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> dict[str, Any]:
    """J and F of every target, absent ones included (an empty mask is then right).

    Args:
        video: targets that leave and come back among look-alikes.
        engines: fresh ones, by name; all see the same frames.
        track: shows progress over the frames.

    Returns:
        Per engine ``J``, ``F``, ``JF`` and the bytes of its memory.
    """
    prompts = [prompt_of(video.world, target, kind="mask") for target in video.targets]
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for index in track(range(len(video.world))):
        rendered = video.world.frame(index)
        frame, labels = rendered.to_frame(), rendered.labels
        for name, engine in engines.items():
            result = engine.step(frame, prompts if index == 0 else ())
            if index == 0 or index % EVERY:
                continue
            for target in video.targets:
                predicted, truth = result.masks.mask(target), labels == target
                scores[name].append((region(predicted, truth), contour(predicted, truth)))
    rows = {name: _row(scores[name], engine) for name, engine in engines.items()}
    return {"sequences": rows, "frames": len(video.world)}


def _row(scores: list[tuple[float, float]], engine: Engine) -> dict[str, Any]:
    j, f = (float(np.mean(part)) for part in zip(*scores, strict=True))
    return {"J": j, "F": f, "JF": (j + f) / 2, "memory_bytes": engine.memory.bytes}
