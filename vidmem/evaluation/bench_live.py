"""A live camera under a deadline: how late, how often degraded, and what it costs in masks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidmem.engine import Engine
from vidmem.evaluation.masks import contour, region
from vidmem.types import Frame, Number, Prompt, Result

WARM_UP = 15
"""Frames until stage times are known; they are not counted."""
SCORED_EVERY = 5
"""Frames between those whose masks are compared with the truth."""


Shown = tuple[Sequence[Frame], Sequence[UInt8[np.ndarray, "height width"]], Prompt, Number]


@dataclass
class _Run:
    """What one pass showed."""

    step_ms: list[float] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    degraded: int = 0
    scores: list[float] = field(default_factory=list)


def bench_live(
    make_engine: Callable[[float], Engine],
    frames: Sequence[Frame],
    labels: Sequence[UInt8[np.ndarray, "height width"]],
    prompt: Prompt,
    *,
    rate: Number = 15,
    seconds: Number = 300,
    compared_seconds: Number = 60,
    deadline_ms: Number = 66,
) -> dict[str, Any]:
    """The same frames with and without the deadline.

    Args:
        make_engine: for a deadline in milliseconds, 0 for none.
        frames: of a rendered clip, shown forwards and backwards.
        labels: its true masks.
        prompt: the object in its first frame.
        rate: of the camera; sets the frames' times and their number.
        seconds: of video under the deadline.
        compared_seconds: of video from the start that is also run without it.
        deadline_ms: of a step.

    Returns:
        ``p99_over_deadline`` (bar 1.2), ``degraded`` share (bar 0.1), ``j_and_f_loss`` (bar 0.02),
        and what they are made of.
    """
    count, compared = round(seconds * rate), round(min(seconds, compared_seconds) * rate)
    shown = (frames, labels, prompt, rate)
    hurried = _run(make_engine(float(deadline_ms)), shown, count)
    free = _run(make_engine(0.0), shown, compared)
    both = min(len(hurried.scores), len(free.scores))
    scores = [float(np.mean(seen.scores[:both])) for seen in (hurried, free)]
    p50, p99 = np.percentile(hurried.step_ms, [50, 99]).tolist()
    return {
        "frames": count,
        "frames_compared": compared,
        "deadline_ms": deadline_ms,
        "step_ms_p50": p50,
        "step_ms_p99": p99,
        "p99_over_deadline": p99 / deadline_ms,
        "free_step_ms_p50": float(np.percentile(free.step_ms, 50)),
        "free_step_ms_p99": float(np.percentile(free.step_ms, 99)),
        "degraded": hurried.degraded / max(1, len(hurried.step_ms)),
        "skipped": hurried.skipped,
        "j_and_f": scores[0],
        "free_j_and_f": scores[1],
        "j_and_f_loss": scores[1] - scores[0],
    }


def _run(engine: Engine, shown: Shown, steps: int) -> _Run:
    frames, labels, prompt, rate = shown
    order, seen = [*range(len(frames)), *range(len(frames) - 2, 0, -1)], _Run()
    for at, result in islice(_steps(engine, frames, order, prompt, rate), steps):
        _note(seen, result, labels[at], prompt.object_id)
    return seen


def _steps(
    engine: Engine, frames: Sequence[Frame], order: Sequence[int], prompt: Prompt, rate: Number
) -> Iterator[tuple[int, Result]]:
    index = 0
    while True:
        at = order[index % len(order)]
        shown = frames[at]
        frame = Frame(shown.image, index, index / rate, shown.intrinsics, shown.camera_to_world)
        yield at, engine.step(frame, [prompt] if index == 0 else ())
        index += 1


def _note(
    seen: _Run,
    result: Result,
    truth: UInt8[np.ndarray, "height width"],
    object_id: int,
) -> None:
    if result.frame.index >= WARM_UP:
        seen.step_ms.append(sum(result.milliseconds.values()))
        seen.degraded += bool(result.skipped)
        for what in result.skipped:
            seen.skipped[what] = seen.skipped.get(what, 0) + 1
    if result.frame.index % SCORED_EVERY == 0:
        found, wanted = result.masks.mask(object_id), truth == object_id
        seen.scores.append((region(found, wanted) + contour(found, wanted)) / 2)
