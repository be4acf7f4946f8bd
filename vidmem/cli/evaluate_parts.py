"""``vidmem eval selection``, ``topology`` and ``corrections``: what single parts are worth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.progress import track

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.evaluation.corrections import Labelled, evaluate_corrections
from vidmem.evaluation.report import table
from vidmem.evaluation.selection import evaluate_selection
from vidmem.evaluation.sequences import find_videos
from vidmem.evaluation.topology import evaluate_topology
from vidmem.training.staging import make_world
from vidmem.training.topology import topology
from vidmem.training.world import WorldConfig

SELECTION_FRAMES = (0, 10, 20, 30, 40)
CORRECTION_FRAMES = 60


def eval_selection(
    *,
    seeds: int = 60,
    first_seed: int = 0,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Choosing among masks: is the best one taken, and none where all are wrong?

    Args:
        seeds: how many rendered videos.
        first_seed: of them.
        output: how to talk.
    """
    chosen = _bar(output, range(first_seed, first_seed + seeds))
    videos = ((f"seed {seed}", _pictures(seed)) for seed in chosen)
    return _finish(evaluate_selection(videos), output)


def eval_topology(
    *,
    seeds: int = 50,
    first_seed: int = 0,
    frames: int = 80,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Objects that split, merge, stretch, bend, recolour, turn: appearance refreshed or not.

    Args:
        seeds: how many rendered videos.
        first_seed: of them.
        frames: length of each.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    chosen = _bar(output, range(first_seed, first_seed + seeds))
    videos = (topology(seed, frames=frames) for seed in chosen)

    def engines() -> Mapping[str, Engine]:
        return {
            name: load(config=replace(config, tracker=replace(config.tracker, refresh=refresh)))
            for name, refresh in (("refreshed", True), ("as_prompted", False))
        }

    report = evaluate_topology(videos, engines)
    gain = report["refreshed"] - report["as_prompted"]
    return _finish({"gain": gain, **report, "config_hash": config.hash()}, output)


def eval_corrections(
    *,
    root: Path | None = None,
    seeds: int = 20,
    first_seed: int = 0,
    kind: Literal["mask", "box", "click"] = "mask",
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """One correction at the worst frame: J and F of the frames after it, before and after.

    Args:
        root: data as for ``eval davis``; without it, rendered videos.
        seeds: how many of those.
        first_seed: of them.
        kind: what is said: the true mask, its box, or one click into the largest error.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    videos = _worlds(output, first_seed, seeds) if root is None else _real(output, root)
    report = evaluate_corrections(videos, make_engine=lambda: load(config=config), kind=kind)
    return _finish(report, output)


def _pictures(seed: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    world = make_world(WorldConfig(frames=SELECTION_FRAMES[-1] + 1), seed=seed)
    rendered = [world.frame(index) for index in SELECTION_FRAMES]
    return {each.index: (each.image, each.labels) for each in rendered}


def _worlds(output: Output, first: int, seeds: int) -> Iterator[tuple[str, Labelled]]:
    for seed in _bar(output, range(first, first + seeds)):
        clip = make_world(WorldConfig(frames=CORRECTION_FRAMES), seed=seed).clip()
        yield f"seed {seed}", _Rendered(clip)


class _Rendered:
    """A clip that is read as often as needed."""

    def __init__(self, clip: Any) -> None:
        self._clip = clip

    def frames(self) -> Iterator[Any]:
        return iter(self._clip.frames())

    def labels(self, index: int) -> np.ndarray:
        labels: np.ndarray = self._clip.labels[index]
        return labels


def _real(output: Output, root: Path) -> Iterator[tuple[str, Labelled]]:
    videos = find_videos(root)
    for video in track(videos, "videos", console=output.console(), transient=True):
        yield video.name, video


def _bar(output: Output, items: Sequence[int]) -> Iterable[int]:
    return track(items, "videos", console=output.console(), transient=True)


def _finish(report: Mapping[str, Any], output: Output) -> int:
    output.console().print(table(report))
    output.finish(report)
    return 0
