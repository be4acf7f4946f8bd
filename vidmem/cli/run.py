"""``vidmem run``: one video in, masks and depth out."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidmem.batch.jobs import SINKS, Job
from vidmem.batch.running import Tally, run_job
from vidmem.cli.options import (
    ConfigOptions,
    Output,
    OutputOptions,
    Part,
    PartOptions,
    use_threads,
)
from vidmem.config import Config
from vidmem.sources.cameras import CameraFiles
from vidmem.types import Result

TRUNCATED = 3


def run(
    source: Annotated[str, tyro.conf.Positional],
    /,
    *,
    out: Path,
    prompt: tyro.conf.UseAppendAction[tuple[str, ...]] = (),
    masks: Path | None = None,
    auto: int = 0,
    sinks: tuple[str, ...] = SINKS,
    part: PartOptions = Part(),  # noqa: B008 - frozen
    save_every: int = 200,
    intrinsics: tuple[float, float, float, float] | None = None,
    poses: Path | None = None,
    ranges: Path | None = None,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Follow objects and measure depth in one video. Killed, the same call goes on.

    Args:
        source: a video file, a folder of images, camera:0, an rtsp:// or http:// address, or -.
        out: the folder for the results.
        prompt: ID:box=l,t,r,b or ID:point=x,y[,-] or ID:mask=file, and @N for another frame.
        masks: first masks: a DAVIS or YouTube-VOS PNG, a folder of them, or a COCO JSON file.
        auto: without prompts and masks, follow this many objects that the first frame proposes.
        sinks: what to write.
        part: which frames, and how large.
        save_every: frames between states on disk, from which a killed run goes on.
        intrinsics: fx, fy, cx, cy of the camera in pixels.
        poses: camera-to-world matrices in metres, one per frame: a file or a folder. Gives metres.
        ranges: a file of lines "frame, x, y, metres": measured distances. Gives metres.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    job = Job(
        source=source,
        out=out,
        prompts=prompt,
        masks=masks,
        auto=auto,
        sinks=sinks,
        **asdict(part),
        save_every=save_every,
        camera=CameraFiles(
            intrinsics, str(poses) if poses else None, str(ranges) if ranges else None
        ),
        config=config,
    )
    summary = run_and_show(job, output)
    summarise(summary, out, output)
    return TRUNCATED if summary["truncated"] else 0


def run_and_show(job: Job, output: Output) -> dict[str, Any]:
    """Run it under a progress bar; a warning where the video ended early."""
    with progress_bar(output.console()) as bar:
        task = bar.add_task("frames", total=None, fps=0.0, memory=0.0)

        def told(result: Result, tally: Tally) -> None:
            bar.update(
                task,
                total=tally.total,
                completed=tally.frames,
                fps=tally.frames_per_second,
                memory=result.memory_bytes / 2**20,
            )

        summary = run_job(job, told=told)
    if summary["warning"]:
        output.console().print(f"[yellow]warning:[/] {summary['warning']}")
    return summary


def progress_bar(console: Console) -> Progress:
    """Frames, frames per second and memory."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.1f} frames/s  memory {task.fields[memory]:.0f} MB"),
        TimeRemainingColumn(),
        console=console,
    )


def summarise(summary: Mapping[str, object], out: Path, output: Output) -> None:
    """Say where the results are."""
    console = output.console()
    console.print(f"{summary['frames']} frames, {summary['fps']} frames/s without files.")
    console.print(f"Results: {out.resolve()}", soft_wrap=True)
    output.finish({**summary, "out": str(out)})
