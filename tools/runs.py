"""What the tools that train share: progress, steps that are saved, export, the command line.

Import it before anything of vidmem: see :mod:`standalone`.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import standalone  # noqa: F401  # isort: skip - before anything of vidmem
import cv2
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidmem.errors import CheckpointError, VidmemError
from vidmem.heads.learned_weights import Kind, write_weights
from vidmem.training.course import Course
from vidmem.training.curves import Journal, Record, read_journal

EVERY = 20
"""Steps between lines of the journal."""
LICENCE = "Apache-2.0"


def progress() -> Progress:
    """A bar with a count, the time left and what is reported."""
    return Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}")
    )


def advance(
    course: Course,
    step: Callable[[], dict[str, float]],
    journal: Journal,
    save: Callable[[], None],
    given: argparse.Namespace,
) -> None:
    """Steps until all are made, or time is up; saved now and then, and at the end."""
    with progress() as bar:
        task = bar.add_task("", total=given.steps, completed=course.step)
        ends, saves = time.monotonic() + 60 * given.minutes, time.monotonic() + 60
        while course.step < given.steps and time.monotonic() < ends:
            losses = step()
            bar.update(task, completed=course.step, description=f"loss {losses['loss']:.3f}")
            if course.step % EVERY == 0:
                journal.write({"step": course.step, **losses})
            if time.monotonic() > saves:
                save()
                saves = time.monotonic() + 60 * given.save_minutes
    save()


def last_look(journal: Path, measured: str) -> Record:
    """The last record of what was kept back: that with a figure ``measured``.

    Raises:
        CheckpointError: there is none; training writes one before it saves.
    """
    looks = [record for record in read_journal(journal) if measured in record]
    if not looks:
        raise CheckpointError(
            f"{journal} has no record with {measured!r}: nothing that was kept back was measured.",
            remedy="Give the folder of a run, and run train on it again: it measures and saves.",
        )
    return looks[-1]


def export(
    given: argparse.Namespace,
    *,
    source: str,
    measured: str,
    kind: Kind,
    state: str = "state.pt",
) -> None:
    """The moving average of a run as a file of weights.

    Args:
        given: the command line.
        source: what ``--about`` tells.
        measured: a figure that every look at what was kept back has.
        kind: of the network.
        state: name of the run's file.

    Raises:
        CheckpointError: nothing that was kept back was measured.
    """
    figures = last_look(given.run / "losses.jsonl", measured)
    run = torch.load(given.run / state, map_location="cpu", weights_only=True)
    about = {
        "recipe": run["recipe"],
        "steps": run["step"],
        source: given.about,
        "code": given.code,
        "licence": LICENCE,
        "figures": {**figures, **json.loads(given.figures)},
    }
    write_weights(run["average"], given.file, about=about, kind=kind)
    print(json.dumps(about, indent=1))


def options_of_training(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    data: str,
    *,
    steps: int,
    save_minutes: float = 4.0,
) -> argparse.ArgumentParser:
    """Of the command that :func:`advance` serves, on ``data``; the caller sets what it does."""
    command = commands.add_parser("train", help="begin a run, or go on with it")
    command.add_argument("run", type=Path)
    command.add_argument(data, type=Path, required=True)
    command.add_argument("--held-out", type=Path, required=True)
    command.add_argument("--steps", type=int, default=steps)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--minutes", type=float, default=float("inf"), help="then stop and save")
    command.add_argument("--save-minutes", type=float, default=save_minutes)
    return command


def options_of_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Of the command that every tool that trains ends with; the caller sets what it does."""
    command = commands.add_parser("export", help="write the weights that vidmem loads")
    command.add_argument("run", type=Path)
    command.add_argument("file", type=Path)
    command.add_argument("--about", default="", help="what it learned from: seeds and counts")
    command.add_argument("--code", default=code_version(), help="version or commit")
    command.add_argument("--figures", default="{}", help="measured ones, as JSON")


def code_version() -> str:
    """Of the installed package, where it is installed."""
    try:
        return version("vidmem")
    except PackageNotFoundError:
        return "not installed"


def obey(parser: argparse.ArgumentParser) -> None:
    """Read the command line, do what it says; shared by the tools that train."""
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    try:
        given.do(given)
    except VidmemError as error:
        raise SystemExit(f"{error}") from None
