"""Semi-supervised video object segmentation on every sequence of a folder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from vidmem.engine import Engine
from vidmem.evaluation.scoring import ObjectScore, means, score_video
from vidmem.evaluation.sequences import LabelledVideo, find_tracks, find_videos


def evaluate_davis(
    root: Path,
    *,
    make_engine: Callable[[], Engine],
    sequences: Sequence[str] | None = None,
    track: Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]] = iter,
) -> dict[str, Any]:
    """The protocol of DAVIS: the first and last frame do not count, the mean is over objects.

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
    scores: list[ObjectScore] = []
    for video in track(videos):
        objects, seconds = score_video(video, make_engine(), find_tracks(video))
        scores += objects
        rows[video.name] = row_of(objects, len(video.images), seconds)
    return {**means(scores), **speed_of(rows), "config_hash": make_engine().config.hash()}


def row_of(objects: Sequence[ObjectScore], frames: int, seconds: float) -> dict[str, Any]:
    """What a report says of one sequence; without J and F where nothing is judged."""
    scored = means(objects) if objects else {}
    return {**scored, "frames": frames, "fps": frames / max(1e-9, seconds)}


def speed_of(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Frames per second over all sequences, and the sequences."""
    frames = sum(row["frames"] for row in rows.values())
    seconds = sum(row["frames"] / row["fps"] for row in rows.values())
    return {"fps": frames / max(1e-9, seconds), "sequences": rows}
