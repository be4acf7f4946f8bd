"""Semi-supervised video object segmentation: first masks given, J and F on the rest."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import VOID, Summary, contour, region, summarise
from vidmem.evaluation.sequences import LabelledVideo, find_videos
from vidmem.types import Prompt, Result


def evaluate_davis(
    root: Path,
    *,
    make_engine: Callable[[], Engine],
    sequences: Sequence[str] | None = None,
    track: Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]] = iter,
) -> dict[str, Any]:
    """The official protocol: the first and last frame do not count, the mean is over objects.

    Args:
        root: a DAVIS tree, or a folder of ``<sequence>/images`` and ``masks``.
        make_engine: a fresh engine for every sequence.
        sequences: only these.
        track: shows progress over the videos.

    Raises:
        SourceError: the data cannot be read.
    """
    videos = find_videos(root, sequences)
    rows: dict[str, dict[str, Any]] = {}
    scores: list[tuple[Summary, Summary]] = []
    for video in track(videos):
        objects, seconds = score_video(video, make_engine())
        scores += objects
        rows[video.name] = {
            **_means(objects),
            "frames": len(video.images),
            "fps": len(video.images) / max(1e-9, seconds),
        }
    frames = sum(row["frames"] for row in rows.values())
    seconds = sum(row["frames"] / row["fps"] for row in rows.values())
    return {
        **_means(scores),
        "fps": frames / max(1e-9, seconds),
        "sequences": rows,
        "config_hash": make_engine().config.hash(),
    }


def score_video(
    video: LabelledVideo, engine: Engine
) -> tuple[list[tuple[Summary, Summary]], float]:
    """J and F of every object in the first mask, and the seconds the steps took."""
    first = video.labels(0)
    ids = [int(i) for i in np.unique(first) if i not in (0, VOID)]
    prompts = {0: [Prompt(i, mask=first == i) for i in ids]}
    values: dict[int, list[tuple[float, float]]] = {i: [] for i in ids}
    seconds = 0.0
    for result in engine.run(video.frames(), prompts):
        seconds += sum(result.milliseconds.values()) / 1000
        if 0 < result.frame.index < len(video.images) - 1:
            _score_frame(result, video.labels(result.frame.index), values)
    return [
        (summarise([j for j, _ in pairs]), summarise([f for _, f in pairs]))
        for pairs in values.values()
    ], seconds


def _score_frame(
    result: Result, truth: np.ndarray, values: dict[int, list[tuple[float, float]]]
) -> None:
    void = truth == VOID
    for object_id, pairs in values.items():
        predicted, expected = result.masks.mask(object_id), truth == object_id
        pairs.append((region(predicted, expected, void), contour(predicted, expected, void)))


def _means(scores: Sequence[tuple[Summary, Summary]]) -> dict[str, float]:
    def mean(which: int, name: str) -> float:
        return float(np.mean([getattr(pair[which], name) for pair in scores]))

    j, f = mean(0, "mean"), mean(1, "mean")
    return {
        "J": j, "F": f, "JF": (j + f) / 2,
        "J_recall": mean(0, "recall"), "F_recall": mean(1, "recall"),
        "J_decay": mean(0, "decay"), "F_decay": mean(1, "decay"),
        "J_official_decay": mean(0, "official_decay"),
        "F_official_decay": mean(1, "official_decay"),
    }  # fmt: skip
