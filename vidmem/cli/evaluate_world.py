"""``vidmem eval occlusion`` and ``memory``: questions with exact answers, in rendered worlds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.progress import track

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import load
from vidmem.evaluation.occlusion import evaluate_occlusion
from vidmem.evaluation.policies import evaluate_policies
from vidmem.evaluation.report import table
from vidmem.training.long import long_video
from vidmem.training.scenarios import occlusion


def eval_occlusion(
    *,
    seeds: int = 30,
    first_seed: int = 0,
    hidden_frames: int = 40,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """An object is hidden and comes back: is the mask empty, is it found, is another one taken?

    Args:
        seeds: how many videos.
        first_seed: of them.
        hidden_frames: how long it is hidden.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    chosen = _bar(output, range(first_seed, first_seed + seeds), "videos")
    videos = ((f"seed {seed}", occlusion(seed, hidden_frames=hidden_frames)) for seed in chosen)
    return _finish(evaluate_occlusion(videos, make_engine=lambda: load(config=config)), output)


def eval_memory(
    *,
    frames: int = 2000,
    seed: int = 0,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """The three policies of the memory on one long video of targets that leave and come back.

    Args:
        frames: its length.
        seed: of the video.
        config: every knob; the same bytes for all policies.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    engines = {
        policy: load(config=replace(config, memory=replace(config.memory, policy=policy)))
        for policy in ("smart", "fifo", "every-k")
    }
    video = long_video(seed, frames=frames)
    rendered = (video.world.frame(index) for index in _bar(output, range(frames), "frames"))
    pairs = ((each.to_frame(), each.labels) for each in rendered)
    report = evaluate_policies(pairs, engines, video.targets)
    return _finish({**report, "config_hash": config.hash()}, output)


def _bar(output: Output, items: Sequence[int], what: str) -> Iterable[int]:
    return track(items, what, console=output.console(), transient=True)


def _finish(report: Mapping[str, Any], output: Output) -> int:
    output.console().print(table(report))
    output.finish(report)
    return 0
