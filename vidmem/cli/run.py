"""``vidmem run``: one video in, masks and depth out."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.errors import PromptError, TruncatedError
from vidmem.prompts import parse_prompt
from vidmem.protocols import Sink, Source
from vidmem.sinks import open_sinks
from vidmem.sources import open_source
from vidmem.types import Prompt, Result

TRUNCATED = 3
SINKS = ("overlay", "masks", "depth16", "jsonl")


def run(
    source: Annotated[str, tyro.conf.Positional],
    /,
    *,
    out: Path,
    prompt: tyro.conf.UseAppendAction[tuple[str, ...]] = (),
    sinks: tuple[str, ...] = SINKS,
    every: int = 1,
    size: tuple[int, int] | None = None,
    start: float | None = None,
    end: float | None = None,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Follow objects and measure depth in one video.

    Args:
        source: a video file, a folder of images, camera:0, an rtsp:// or http:// address, or -.
        out: the folder for the results.
        prompt: ID:box=l,t,r,b or ID:point=x,y[,-] or ID:mask=file, and @N for another frame.
        sinks: what to write.
        every: use every n-th frame.
        size: width and height to resize frames to.
        start: skip what is earlier, in seconds.
        end: stop here, in seconds.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    prompts = gather_prompts(prompt)
    engine = load(config=config)
    opened = open_source(source, every=every, size=size, start=start, end=end)
    with closing(opened) as frames:
        check_reach(prompts, frames)
        summary = write_results(engine, frames, prompts, out=out, sinks=sinks, output=output)
    summarise(summary, out, output)
    return TRUNCATED if summary["truncated"] else 0


def gather_prompts(texts: Sequence[str]) -> dict[int, list[Prompt]]:
    """Prompts by frame index."""
    prompts: dict[int, list[Prompt]] = {}
    for index, prompt in map(parse_prompt, texts):
        prompts.setdefault(index, []).append(prompt)
    return prompts


def check_reach(prompts: Mapping[int, Sequence[Prompt]], source: Source) -> None:
    """Refuse prompts beyond the end, where the end is known, before anything is computed."""
    last = max(prompts, default=0)
    if source.frame_count is not None and last >= source.frame_count:
        raise PromptError(
            f"A prompt is for frame {last}, but the video has {source.frame_count} frames.",
            remedy="Count frames from 0.",
        )


def write_results(
    engine: Engine,
    source: Source,
    prompts: Mapping[int, Sequence[Prompt]],
    *,
    out: Path,
    sinks: Sequence[str],
    output: Output,
) -> dict[str, object]:
    """Everything between the first frame and the last; nothing half-written stays behind."""
    sink = open_sinks(sinks, out, frames_per_second=source.frames_per_second)
    tally = Tally(engine)
    try:
        truncated = _drain(engine.run(source, prompts), sink, tally, source, output)
        sink.close()
    except BaseException:
        sink.abort()
        raise
    summary = {**tally.summary(), "truncated": truncated, "sinks": list(sinks)}
    _write_json(out / "summary.json", summary)
    return summary


class Tally:
    """What a run adds up to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._start = time.perf_counter()
        self.frames = 0
        self._model_seconds = 0.0
        self._last: Result | None = None

    def add(self, result: Result) -> None:
        """Count one frame."""
        self.frames += 1
        self._model_seconds += sum(result.milliseconds.values()) / 1000
        self._last = result

    @property
    def frames_per_second(self) -> float:
        """Of the model alone, without decoding and encoding."""
        return self.frames / max(1e-9, self._model_seconds)

    def summary(self) -> dict[str, object]:
        """For ``summary.json``."""
        objects = self._last.objects if self._last else ()
        return {
            "frames": self.frames,
            "seconds": round(time.perf_counter() - self._start, 3),
            "fps": round(self.frames_per_second, 2),
            "memory_bytes": self._engine.memory.bytes,
            "objects": [asdict(state) for state in objects],
            "config_hash": self._engine.config.hash(),
        }


def _drain(
    results: Iterator[Result], sink: Sink, tally: Tally, source: Source, output: Output
) -> bool:
    """Write every result; True where the source ended before its end."""
    with progress_bar(output.console()) as bar:
        task = bar.add_task("frames", total=source.frame_count, fps=0.0, memory=0.0)
        try:
            for result in results:
                sink.write(result)
                tally.add(result)
                bar.update(
                    task,
                    advance=1,
                    fps=tally.frames_per_second,
                    memory=result.memory_bytes / 2**20,
                )
        except TruncatedError as error:
            output.console().print(f"[yellow]warning:[/] {error}")
            return True
    return False


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


def _write_json(path: Path, value: Mapping[str, object]) -> None:
    partial = path.with_suffix(".json.partial")
    partial.write_text(json.dumps(value, indent=2) + "\n")
    partial.replace(path)
