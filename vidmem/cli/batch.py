"""``vidmem batch``: many videos, several at once, and again after a kill."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from vidmem.batch.jobs import SINKS, Job
from vidmem.batch.listing import read_jobs
from vidmem.batch.outcomes import TABLE, Outcome, write_table
from vidmem.batch.pool import Told, run_jobs, slots_of
from vidmem.batch.remote import check_remote, is_remote, staging, upload_file
from vidmem.batch.worker import Step
from vidmem.cli.options import ConfigOptions, Output, OutputOptions
from vidmem.config import Config
from vidmem.errors import ConfigError

FAILED = 1


def batch(
    videos: Annotated[Path, tyro.conf.Positional],
    /,
    *,
    out: str,
    auto: int = 0,
    sinks: tuple[str, ...] = SINKS,
    every: int = 1,
    save_every: int = 200,
    workers: int | None = None,
    engine: Literal["local", "ray"] = "local",
    address: str | None = None,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Run many videos. Called again it skips what is done and goes on with the rest.

    Args:
        videos: a CSV, JSONL or YAML list; a folder of videos with prompts beside them; or a DAVIS
            tree.
        out: the folder for the results, one folder per video, and summary.csv; or an address such
            as s3://bucket/folder (fsspec).
        auto: objects to propose in the first frame of a video without prompts.
        sinks: what to write.
        every: use every n-th frame.
        save_every: frames between states on disk, from which a killed run goes on.
        workers: at once; the default is one per GPU, or one per core.
        engine: processes here, or a Ray cluster (vidmem[ray]).
        address: of the cluster; without it Ray starts one here.
        config: every knob.
        output: how to talk.
    """
    folder = staging(out) if is_remote(out) else Path(out)
    defaults = Job(
        source="",
        out=folder,
        auto=auto,
        sinks=sinks,
        every=every,
        save_every=save_every,
        config=config,
    )
    jobs = _addressed(read_jobs(videos, folder, defaults), out, folder)
    with _Board(output.console(), len(jobs)) as board:
        outcomes = _all(jobs, _running(engine, jobs, workers, address, board.told), board)
    write_table(folder / TABLE, outcomes)
    if is_remote(out):
        upload_file(folder / TABLE, f"{out}/{TABLE}")
    failed = [outcome for outcome in outcomes if not outcome.succeeded]
    console = output.console()
    for outcome in failed:
        told = escape(f"{outcome.source}: {outcome.error}")
        console.print(f"[red]{outcome.status}[/] {told}", soft_wrap=True)
    console.print(f"{len(outcomes) - len(failed)} of {len(outcomes)} videos done.")
    console.print(f"Results: {out if is_remote(out) else folder.resolve()}", soft_wrap=True)
    output.finish({"videos": [asdict(outcome) for outcome in outcomes], "failed": len(failed)})
    return FAILED if failed else 0


def _addressed(jobs: list[Job], out: str, folder: Path) -> list[Job]:
    """With the address of each, where ``out`` is one."""
    if not is_remote(out):
        return jobs
    check_remote(out)
    return [replace(job, remote=f"{out}/{job.out.relative_to(folder)}") for job in jobs]


def _running(
    engine: str, jobs: Sequence[Job], workers: int | None, address: str | None, told: Told
) -> Iterator[tuple[int, Outcome]]:
    if workers is not None and workers < 1:
        raise ConfigError(f"{workers} workers do nothing.", remedy="Give 1 or more.")
    if engine == "ray":
        from vidmem.batch.cluster import run_on_ray

        return run_on_ray(jobs, workers=workers, address=address)
    return run_jobs(jobs, slots=slots_of(workers), told=told)


def _all(
    jobs: Sequence[Job], running: Iterator[tuple[int, Outcome]], board: "_Board"
) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    for number, outcome in running:
        outcomes[number] = outcome
        board.ended(jobs[number])
    return [outcomes[number] for number in sorted(outcomes)]


class _Board:
    """A bar for all, and one for every video that runs now."""

    def __init__(self, console: Console, videos: int) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._all = self._bars.add_task("videos", total=videos, note="")
        self._lines: dict[Path, TaskID] = {}

    def __enter__(self) -> "_Board":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def told(self, job: Job, step: Step) -> None:
        """A frame of it is done."""
        if job.out not in self._lines:
            self._lines[job.out] = self._bars.add_task(job.out.name, total=None, note="")
        self._bars.update(
            self._lines[job.out],
            completed=step.frames,
            total=step.total,
            note=f"{step.fps:.1f} frames/s",
        )

    def ended(self, job: Job) -> None:
        """It is over, well or not."""
        line = self._lines.pop(job.out, None)
        if line is not None:
            self._bars.remove_task(line)
        self._bars.advance(self._all)
