"""What one correction is worth: at the worst frame, for the frames after it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool

from vidmem.engine import Engine
from vidmem.evaluation.masks import VOID, contour, region
from vidmem.evaluation.prompts import next_click, tight_box
from vidmem.types import Frame, Prompt, Result

Mask = Bool[np.ndarray, "height width"]
Kind = Literal["mask", "box", "click"]
LEAST_PX = 100
"""Where less of an object can be seen, nobody corrects it."""
LATEST = 0.8
"""Of the video: later frames are not corrected, for little comes after them."""


@runtime_checkable
class Labelled(Protocol):
    """A video with object ids for every pixel of every frame."""

    def frames(self) -> Iterator[Frame]:
        """All pictures in order; again and again."""
        ...

    def labels(self, index: int) -> np.ndarray:
        """Object ids of one frame."""
        ...


@dataclass(frozen=True, slots=True)
class Worst:
    """Where an object is followed worst."""

    object_id: int
    index: int
    overlap: float
    """J there."""


def evaluate_corrections(
    videos: Iterable[tuple[str, Labelled]], *, make_engine: Callable[[], Engine], kind: Kind
) -> dict[str, Any]:
    """Follow the first masks; go back to the worst frame, say what is right and run again.

    Args:
        videos: by name.
        make_engine: a fresh engine for each.
        kind: what is said: the true mask, its box, or one click into the largest error.

    Returns:
        ``before`` and ``after``: J&F of that object in the frames after the corrected one, and
        ``gain``; a video in which nothing can be corrected is left out.
    """
    rows = {}
    for name, video in videos:
        row = _score(video, make_engine(), kind)
        if row is not None:
            rows[name] = row
    means = {
        name: float(np.mean([row[name] for row in rows.values()]))
        for name in ("before", "after", "gain")
    }
    return {**means, "sequences": rows, "config_hash": make_engine().config.hash()}


def _score(video: Labelled, engine: Engine, kind: Kind) -> dict[str, float] | None:
    labels = video.labels(0)
    ids = [int(i) for i in np.unique(labels) if i not in (0, VOID) and _large(labels == i)]
    shown: list[np.ndarray] = []
    for result in engine.run(video.frames(), {0: [Prompt(i, mask=labels == i) for i in ids]}):
        shown.append(_labels(result))
    worst = _worst(video, shown, ids)
    if worst is None:
        return None
    prompt = _correction(worst, shown[worst.index], video.labels(worst.index), kind)
    again = {
        result.frame.index: _labels(result)
        for result in engine.correct(worst.index, [prompt], video.frames())
    }
    later = range(worst.index + 1, len(shown))
    before = np.mean([_jf(shown[i], video.labels(i), worst.object_id) for i in later])
    after = np.mean([_jf(again[i], video.labels(i), worst.object_id) for i in later])
    return {
        "frame": float(worst.index),
        "J_there": worst.overlap,
        "before": float(before),
        "after": float(after),
        "gain": float(after - before),
    }


def _worst(video: Labelled, shown: list[np.ndarray], ids: list[int]) -> Worst | None:
    found: Worst | None = None
    for index in range(1, int(LATEST * len(shown))):
        labels = video.labels(index)
        for object_id in ids:
            truth = labels == object_id
            if not _large(truth):
                continue
            overlap = region(shown[index] == object_id, truth, labels == VOID)
            if found is None or overlap < found.overlap:
                found = Worst(object_id, index, overlap)
    return found


def _correction(worst: Worst, shown: np.ndarray, labels: np.ndarray, kind: Kind) -> Prompt:
    truth = labels == worst.object_id
    if kind == "mask":
        return Prompt(worst.object_id, mask=truth)
    if kind == "box":
        return Prompt(worst.object_id, box=tight_box(truth))
    return Prompt(worst.object_id, points=(next_click(shown == worst.object_id, truth),))


def _jf(shown: np.ndarray, labels: np.ndarray, object_id: int) -> float:
    void = labels == VOID
    predicted, truth = shown == object_id, labels == object_id
    return (region(predicted, truth, void) + contour(predicted, truth, void)) / 2


def _labels(result: Result) -> np.ndarray:
    assert result.masks.labels is not None
    return result.masks.labels


def _large(mask: Mask) -> bool:
    return bool(mask.sum() >= LEAST_PX)
