"""``vidmem bench``: how fast it is, and how much memory it takes, on this machine."""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Literal

from vidmem.batch.jobs import SINKS
from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import load
from vidmem.evaluation.bench_attention import bench_attention as measure_attention
from vidmem.evaluation.bench_engine import bench_engine as measure_engine
from vidmem.evaluation.bench_files import bench_files as measure_files
from vidmem.evaluation.bench_sam2 import bench_growth, bench_speed
from vidmem.sources import open_source
from vidmem.testing import moving_square
from vidmem.training.example import write_example
from vidmem.training.scenarios import prompt_of
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig
from vidmem.types import Frame, Prompt


def bench_engine(
    *,
    steps: int = 300,
    clip: Path | None = None,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Frames per second, milliseconds per stage, and growth of the process.

    Args:
        steps: frames to run; 3000 shows whether memory is flat.
        clip: a video to loop (its first 60 frames, a box in the middle); else a rendered one.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    frames, prompt = _from_world() if clip is None else _from_clip(clip)
    report = measure_engine(load(config=config), frames, [prompt], steps=steps)
    output.console().print(report)
    output.finish(report)
    return 0


def bench_files(
    *,
    frames: int = 60,
    rounds: int = 3,
    sinks: tuple[str, ...] = SINKS,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """What decoding a 720p file and writing the results costs beside the model.

    Args:
        frames: of the rendered clip.
        rounds: passes with and without files, in turns.
        sinks: what to write.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        prompts = write_example(clip, height=720, width=1280, frames=frames)
        report = measure_files(
            lambda: load(config=config), clip, prompts, sinks=sinks, frames=frames, rounds=rounds
        )
    output.console().print(report)
    output.finish(report)
    return 0


def bench_sam2(
    *,
    measure: Literal["speed", "growth"] = "speed",
    size: Literal["tiny", "small", "base-plus", "large"] = "tiny",
    image_size: int = 256,
    frames: int = 40,
    objects: int = 4,
    threads: int = 2,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """SAM 2.1 against the ``sam2`` package's own predictor, with random weights.

    Args:
        measure: speed: both in turn, frame by frame; growth: resident bytes after 50 frames and at
            the end, of ours alone.
        size: of the network.
        image_size: side of its input; it was trained at 1024.
        frames: to follow.
        objects: to follow, where speed is measured.
        threads: for torch.
        output: how to talk.
    """
    use_threads(threads)
    if measure == "speed":
        video = list(moving_square(frames))
        report = bench_speed(size, video, image_size=image_size, objects=objects)
    else:
        video = list(moving_square(30))
        report = bench_growth(size, video, image_size=image_size, frames=frames)
    output.console().print(report)
    output.finish(report)
    return 0


def bench_attention(
    *,
    device: Literal["cpu", "cuda"] = "cpu",
    quick: bool = False,
    threads: int = 2,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Attention over stored tokens against what one would write with torch.

    Args:
        device: where.
        quick: fewer shapes.
        threads: for torch on the CPU.
        output: how to talk.
    """
    use_threads(threads)
    report = measure_attention(device=device, quick=quick)
    output.console().print(report)
    output.finish(report)
    return 0


def _from_world() -> tuple[list[Frame], Prompt]:
    world = make_world(WorldConfig(), seed=0)
    frames = list(islice(world.frames(), 60))
    return frames, prompt_of(world, min(world.names), kind="mask")


def _from_clip(clip: Path) -> tuple[list[Frame], Prompt]:
    source = open_source(str(clip))
    try:
        frames = list(islice(source, 60))
    finally:
        source.close()
    height, width = frames[0].size
    box = (0.35 * width, 0.25 * height, 0.65 * width, 0.75 * height)
    return frames, Prompt(1, box=box)
