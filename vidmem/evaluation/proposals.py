"""How often what nobody pointed at is proposed: best overlap among the first proposals."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vidmem.evaluation.masks import VOID, region
from vidmem.evaluation.sequences import LabelledVideo, find_videos
from vidmem.heads.proposals import propose_objects


def evaluate_proposals(
    root: Path,
    *,
    most: int = 10,
    track: Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]] = iter,
) -> dict[str, Any]:
    """Mean over the objects of all first frames of the best IoU among ``most`` proposals.

    Raises:
        SourceError: the data cannot be read.
    """
    rows: dict[str, dict[str, float]] = {}
    for video in track(find_videos(root)):
        frame, labels = next(video.frames()), video.labels(0)
        proposals = propose_objects(frame.image, most=most)
        for object_id in (int(i) for i in np.unique(labels) if i not in (0, VOID)):
            truth = np.equal(labels, object_id)
            overlaps = [region(proposal.mask, truth) for proposal in proposals]
            best, first = max(overlaps, default=0.0), next(iter(overlaps), 0.0)
            rows[f"{video.name}:{object_id}"] = {"best": best, "first": first}
    means = {
        name: float(np.mean([row[name] for row in rows.values()])) for name in ("best", "first")
    }
    return {**means, "sequences": rows}
