"""How good the first mask is after a box, one click and three clicks."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool

from vidmem.engine import Engine
from vidmem.evaluation.masks import VOID, region
from vidmem.evaluation.sequences import LabelledVideo, find_videos
from vidmem.types import Box, Frame, Point, Prompt

Mask = Bool[np.ndarray, "height width"]
CLICKS = 3


def evaluate_prompts(
    root: Path,
    *,
    make_engine: Callable[[], Engine],
    track: Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]] = iter,
) -> dict[str, Any]:
    """Mean IoU of the first mask over all objects of all first frames.

    The box is the tight one. The first click is the point deepest inside the object; every next one
    the point deepest inside the largest error region, positive where it was missed.

    Raises:
        SourceError: the data cannot be read.
    """
    rows: dict[str, dict[str, float]] = {}
    for video in track(find_videos(root)):
        frame, labels = next(video.frames()), video.labels(0)
        for object_id in (int(i) for i in np.unique(labels) if i not in (0, VOID)):
            truth = np.equal(labels, object_id)
            rows[f"{video.name}:{object_id}"] = _score(make_engine(), frame, truth)
    means = {
        name: float(np.mean([row[name] for row in rows.values()]))
        for name in ("box", "click1", "click3")
    }
    return {**means, "sequences": rows, "config_hash": make_engine().config.hash()}


def _score(engine: Engine, frame: Frame, truth: Mask) -> dict[str, float]:
    box = engine.preview(frame, [Prompt(1, box=tight_box(truth))]).mask(1)
    points: tuple[Point, ...] = ()
    overlaps = []
    predicted: Mask = np.zeros_like(truth)
    for _ in range(CLICKS):
        points = (*points, next_click(predicted, truth))
        predicted = engine.preview(frame, [Prompt(1, points=points)]).mask(1)
        overlaps.append(region(predicted, truth))
    return {"box": region(box, truth), "click1": overlaps[0], "click3": overlaps[-1]}


def tight_box(mask: Mask) -> Box:
    """left, top, right, bottom; right and bottom are outside."""
    rows, columns = np.nonzero(mask)
    left, top = float(columns.min()), float(rows.min())
    return left, top, float(columns.max() + 1), float(rows.max() + 1)


def next_click(predicted: Mask, truth: Mask) -> Point:
    """Where a person would click next: deepest inside the largest error."""
    wrong = (predicted != truth).astype(np.uint8)
    count, regions, stats, _ = cv2.connectedComponentsWithStats(wrong, connectivity=8)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else 0
    inside = np.pad((regions == largest).astype(np.uint8), 1)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column), float(row), int(truth[row, column])
