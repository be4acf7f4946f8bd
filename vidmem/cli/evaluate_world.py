"""``vidmem eval occlusion`` and ``memory``: questions with exact answers, in rendered worlds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from rich.progress import track

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import load
from vidmem.evaluation.occlusion import evaluate_occlusion
from vidmem.evaluation.policies import evaluate_policies
from vidmem.evaluation.report import table
from vidmem.training.long import long_video

Item = TypeVar("Item")


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
    report = evaluate_occlusion(
        range(first_seed, first_seed + seeds),
        make_engine=lambda: load(config=config),
        hidden_frames=hidden_frames,
        track=_bar(output, "videos"),
    )
    return _finish(report, output)


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
    report = evaluate_policies(video, engines, track=_bar(output, "frames"))
    return _finish({**report, "config_hash": config.hash()}, output)


def _bar(output: Output, what: str) -> Callable[[Iterable[Item]], Iterable[Item]]:
    console = output.console()

    def bar(items: Iterable[Item]) -> Iterable[Item]:
        total = len(items) if isinstance(items, Sequence) else None
        return track(items, what, total=total, console=console, transient=True)

    return bar


def _finish(report: Mapping[str, Any], output: Output) -> int:
    output.console().print(table(report))
    output.finish(report)
    return 0
