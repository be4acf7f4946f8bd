"""``vidmem bench live``: a camera, a deadline, and what it costs."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import numpy as np
from jaxtyping import UInt8

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.evaluation.bench_live import bench_live as measure_live
from vidmem.training.scenarios import prompt_of
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig
from vidmem.types import Frame, Prompt


def bench_live(
    *,
    seconds: float = 300.0,
    compared_seconds: float = 60.0,
    rate: float = 15.0,
    deadline_ms: float = 66.0,
    clip_frames: int = 300,
    seed: int = 0,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """One object before a rendered camera, with a deadline and without.

    Args:
        seconds: of video under the deadline.
        compared_seconds: of video that is also run without it.
        rate: frames per second of the camera.
        deadline_ms: of a step.
        clip_frames: rendered first, then shown forwards and backwards.
        seed: of the rendered world.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    frames, labels, prompt = _camera(clip_frames, seed)
    report = measure_live(
        _maker(config),
        frames,
        labels,
        prompt,
        rate=rate,
        seconds=seconds,
        compared_seconds=compared_seconds,
        deadline_ms=deadline_ms,
    )
    report = {**report, "threads": config.runtime.threads}
    output.console().print(report)
    output.finish(report)
    return 0


def _maker(config: Config) -> Callable[[float], Engine]:
    def make(deadline_ms: float) -> Engine:
        runtime = replace(config.runtime, deadline_ms=deadline_ms)
        return load(config=replace(config, runtime=runtime))

    return make


def _camera(
    count: int, seed: int
) -> tuple[list[Frame], list[UInt8[np.ndarray, "height width"]], Prompt]:
    world = make_world(WorldConfig(frames=count), seed=seed)
    seen = [world.frame(index) for index in islice(range(len(world)), count)]
    prompt = prompt_of(world, min(world.names), kind="mask")
    return [each.to_frame() for each in seen], [each.labels for each in seen], prompt
