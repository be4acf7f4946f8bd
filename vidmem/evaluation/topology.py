"""What refreshing the appearance is worth where objects change while they are watched."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import contour, region
from vidmem.types import Frame, Prompt


@runtime_checkable
class LabelledWorld(Protocol):
    """A rendered video with object ids for every pixel."""

    def __len__(self) -> int: ...

    def frames(self) -> Iterator[Frame]:
        """All pictures in order."""
        ...

    def labels(self, index: int) -> np.ndarray:
        """Object ids of one frame."""
        ...


@runtime_checkable
class Changing(Protocol):
    """A video whose target changes."""

    @property
    def world(self) -> LabelledWorld:
        """The video."""
        ...

    @property
    def change(self) -> str:
        """How it changes."""
        ...

    @property
    def target(self) -> int:
        """Its id."""
        ...


def evaluate_topology(
    videos: Iterable[Changing], make_engines: Callable[[], Mapping[str, Engine]]
) -> dict[str, Any]:
    """J and F of the target in all frames but the first and the last, one video after another.

    Args:
        videos: made one after another.
        make_engines: fresh ones for every video, by name; all see the same frames.

    Returns:
        J&F per engine, over all videos and by kind of change.
    """
    scores: dict[str, dict[str, list[float]]] = {}
    for video in videos:
        for name, score in _score(video, make_engines()).items():
            scores.setdefault(video.change, {}).setdefault(name, []).append(score)
    rows = {
        change: {name: float(np.mean(values)) for name, values in by_name.items()}
        for change, by_name in scores.items()
    }
    names = list(next(iter(rows.values()), {}))
    return {
        name: float(np.mean([v for by_name in scores.values() for v in by_name[name]]))
        for name in names
    } | {"sequences": rows, "videos": sum(len(row[names[0]]) for row in scores.values())}


def _score(video: Changing, engines: Mapping[str, Engine]) -> dict[str, float]:
    values: dict[str, list[float]] = {name: [] for name in engines}
    last = len(video.world) - 1
    for frame in video.world.frames():
        truth = video.world.labels(frame.index) == video.target
        prompts = [] if frame.index else [Prompt(video.target, mask=truth)]
        for name, engine in engines.items():
            mask = engine.step(frame, prompts).masks.mask(video.target)
            if 0 < frame.index < last:
                values[name].append((region(mask, truth) + contour(mask, truth)) / 2)
    return {name: float(np.mean(scores)) for name, scores in values.items()}
