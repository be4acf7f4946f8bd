"""What the policy of the memory is worth: several engines over the same long rendered video."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import contour, region
from vidmem.types import Frame, Prompt

EVERY = 5
"""Frames between those that are scored."""


def evaluate_policies(
    frames: Iterable[tuple[Frame, np.ndarray]],
    engines: Mapping[str, Engine],
    targets: Sequence[int],
) -> dict[str, Any]:
    """J and F of every target, absent ones included (an empty mask is then right).

    Args:
        frames: pictures in which the targets leave and come back, and the ids of their pixels.
        engines: fresh ones, by name; all see the same frames.
        targets: ids to follow, given by their masks in the first frame.

    Returns:
        Per engine ``J``, ``F``, ``JF`` and the bytes of its memory.
    """
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    count = 0
    for count, (frame, labels) in enumerate(frames, start=1):
        first = count == 1
        prompts = [Prompt(target, mask=labels == target) for target in targets] if first else []
        for name, engine in engines.items():
            result = engine.step(frame, prompts)
            if first or frame.index % EVERY:
                continue
            for target in targets:
                predicted, truth = result.masks.mask(target), labels == target
                scores[name].append((region(predicted, truth), contour(predicted, truth)))
    rows = {name: _row(scores[name], engine) for name, engine in engines.items()}
    return {"sequences": rows, "frames": count}


def _row(scores: list[tuple[float, float]], engine: Engine) -> dict[str, Any]:
    j, f = (float(np.mean(part)) for part in zip(*scores, strict=True))
    return {"J": j, "F": f, "JF": (j + f) / 2, "memory_bytes": engine.memory.bytes}
