"""Objects that go behind something and come back, with a look-alike in view (rendered worlds)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.masks import region
from vidmem.types import Frame, Prompt

FOUND_OVERLAP = 0.5
FOUND_FRAMES = 10
"""Frames after the return within which the object must be found."""
TAKEN_SHARE = 0.5
TAKEN_FRAMES = 2
"""The look-alike is taken where more than this share of the mask lies on it in more frames."""


@runtime_checkable
class LabelledWorld(Protocol):
    """A rendered video with object ids for every pixel."""

    def frames(self) -> Iterator[Frame]:
        """All pictures in order."""
        ...

    def labels(self, index: int) -> np.ndarray:
        """Object ids of one frame."""
        ...


@runtime_checkable
class Hiding(Protocol):
    """A video in which the target is hidden once."""

    @property
    def world(self) -> LabelledWorld:
        """The video."""
        ...

    @property
    def hidden(self) -> tuple[range, ...]:
        """Frames without a single pixel of the target."""
        ...

    @property
    def target(self) -> int:
        """Its id."""
        ...

    @property
    def look_alike(self) -> int | None:
        """The id of what looks like it."""
        ...

    def prompt(self) -> Prompt:
        """The target in frame 0."""
        ...


def evaluate_occlusion(
    videos: Iterable[tuple[str, Hiding]], *, make_engine: Callable[[], Engine]
) -> dict[str, Any]:
    """Follow the first mask through the occlusion.

    Args:
        videos: by name; made one after another.
        make_engine: a fresh engine for each.

    Returns:
        ``empty``: share of the hidden frames with an empty mask; ``found``: share of the videos in
        which the object is found (IoU above 0.5) within 10 frames of its return; ``taken``: share
        in which the look-alike is taken for it.
    """
    rows: Mapping[str, dict[str, float]] = {
        name: _score(video, make_engine()) for name, video in videos
    }
    means = {
        name: float(np.mean([row[name] for row in rows.values()]))
        for name in ("empty", "found", "taken")
    }
    return {**means, "sequences": rows, "config_hash": make_engine().config.hash()}


def _score(video: Hiding, engine: Engine) -> dict[str, float]:
    (hidden,) = video.hidden
    empty, overlaps, on_other = [], [], 0
    for result in engine.run(video.world.frames(), {0: [video.prompt()]}):
        index = result.frame.index
        mask, labels = result.masks.mask(video.target), video.world.labels(index)
        other = mask & (labels == video.look_alike)
        on_other += bool(mask.any() and other.sum() > TAKEN_SHARE * mask.sum())
        if index in hidden:
            empty.append(not mask.any())
        elif hidden.stop <= index < hidden.stop + FOUND_FRAMES:
            overlaps.append(region(mask, labels == video.target))
    return {
        "empty": float(np.mean(empty)),
        "found": float(max(overlaps, default=0.0) > FOUND_OVERLAP),
        "taken": float(on_other > TAKEN_FRAMES),
    }
