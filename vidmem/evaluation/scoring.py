"""First masks in, J and F of every object out: the semi-supervised protocol."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import VOID, Summary, contour, region, summarise
from vidmem.evaluation.sequences import LabelledVideo, Track
from vidmem.types import Prompt, Result

Pairs = dict[int, list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class ObjectScore:
    """One object over the frames in which it is judged."""

    object_id: int
    group: str
    region: Summary
    contour: Summary
    variation: float
    """V of LVOS: how far J&F strays over the frames."""


def score_video(
    video: LabelledVideo,
    engine: Engine,
    tracks: Sequence[Track],
    *,
    told: Callable[[Result], None] = lambda result: None,
) -> tuple[list[ObjectScore], float]:
    """Follow the given masks to the end.

    Args:
        video: the pictures and the truth.
        engine: a fresh one.
        tracks: where each object is given and where it is judged.
        told: called with every result.

    Returns:
        A score for each object that is judged anywhere, and the seconds the steps took.

    Raises:
        SourceError: a picture or mask cannot be read.
    """
    values: Pairs = {track.object_id: [] for track in tracks}
    judged = {index for track in tracks for index in track.counted}
    seconds = 0.0
    for result in engine.run(video.frames(), _prompts(video, tracks)):
        seconds += sum(result.milliseconds.values()) / 1000
        told(result)
        if result.frame.index in judged:
            _score_frame(result, video.labels(result.frame.index), tracks, values)
    return [_summed(track, values) for track in tracks if values[track.object_id]], seconds


def means(scores: Sequence[ObjectScore]) -> dict[str, float | None]:
    """Means over objects; with groups, the mean of the groups' means, and J and F of each.

    None where a measure does not exist, as the official decay of very long sequences.
    """
    j = _mean(scores, lambda score: score.region.mean)
    f = _mean(scores, lambda score: score.contour.mean)
    whole = {
        "J": j,
        "F": f,
        "JF": (j + f) / 2,
        "J_recall": _mean(scores, lambda score: score.region.recall),
        "F_recall": _mean(scores, lambda score: score.contour.recall),
        "J_decay": _mean(scores, lambda score: score.region.decay),
        "F_decay": _mean(scores, lambda score: score.contour.decay),
        "J_official_decay": _mean(scores, lambda score: score.region.official_decay),
        "F_official_decay": _mean(scores, lambda score: score.contour.official_decay),
        "V": _mean(scores, lambda score: score.variation),
    }
    for name, members in _groups(scores).items():
        whole[f"J_{name}"] = _mean(members, lambda score: score.region.mean)
        whole[f"F_{name}"] = _mean(members, lambda score: score.contour.mean)
    return {name: None if math.isnan(value) else value for name, value in whole.items()}


def variation(pairs: Sequence[tuple[float, float]]) -> float:
    """V: deviation of the per-frame J&F; the variance is rounded to four digits as in LVOS."""
    together = np.asarray(pairs, np.float64).mean(axis=1)
    return math.sqrt(round(float(together.var()), 4))


def _groups(scores: Sequence[ObjectScore]) -> dict[str, list[ObjectScore]]:
    names = sorted({score.group for score in scores} - {""})
    return {name: [score for score in scores if score.group == name] for name in names}


def _mean(scores: Sequence[ObjectScore], of: Callable[[ObjectScore], float]) -> float:
    parts = list(_groups(scores).values()) or [list(scores)]
    if not scores:
        return math.nan
    return float(np.mean([np.mean([of(score) for score in part]) for part in parts]))


def _prompts(video: LabelledVideo, tracks: Sequence[Track]) -> dict[int, list[Prompt]]:
    prompts: dict[int, list[Prompt]] = {}
    for first in sorted({track.first for track in tracks}):
        labels = video.labels(first)
        prompts[first] = [
            Prompt(track.object_id, mask=labels == track.object_id)
            for track in tracks
            if track.first == first
        ]
    return prompts


def _score_frame(result: Result, truth: np.ndarray, tracks: Sequence[Track], values: Pairs) -> None:
    void = truth == VOID
    for track in tracks:
        if result.frame.index not in track.counted:
            continue
        predicted, expected = result.masks.mask(track.object_id), truth == track.object_id
        values[track.object_id].append(
            (region(predicted, expected, void), contour(predicted, expected, void))
        )


def _summed(track: Track, values: Pairs) -> ObjectScore:
    pairs = values[track.object_id]
    return ObjectScore(
        track.object_id,
        track.group,
        summarise([j for j, _ in pairs]),
        summarise([f for _, f in pairs]),
        variation(pairs),
    )
