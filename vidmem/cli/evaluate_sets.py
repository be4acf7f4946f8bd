"""``vidmem eval davis2017`` and the others: data sets by their official protocols."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import track

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import load
from vidmem.evaluation.benchmarks import evaluate_set
from vidmem.evaluation.layouts import LAYOUTS
from vidmem.evaluation.report import table


def set_commands() -> dict[str, Callable[..., int]]:
    """One command per data set."""
    return {f"eval {name}": _command(name) for name in LAYOUTS}


def _command(name: str) -> Callable[..., int]:
    layout = LAYOUTS[name]

    def evaluate(
        *,
        root: Path,
        out: Path,
        split: str = layout.splits[0],
        config: ConfigOptions = Config(),  # noqa: B008 - frozen
        output: OutputOptions = Output(),  # noqa: B008 - frozen
    ) -> int:
        use_threads(config.runtime.threads)
        console = output.console()
        report: dict[str, Any] = evaluate_set(
            name,
            root,
            out=out,
            split=split,
            make_engine=lambda: load(config=config),
            track=lambda videos: track(videos, "videos", console=console, transient=True),
        )
        console.print(table(report))
        for note in report["notes"]:
            console.print(note, soft_wrap=True)
        console.print(f"Results: {out.resolve()}", soft_wrap=True)
        output.finish(report)
        return 0

    evaluate.__doc__ = f"""{layout.title}: masks by the official protocol. Goes on where it stopped.

    Args:
        root: the data set as it is unpacked; docs/datasets.md shows the folders.
        out: the folder for masks, scores, report.json and report.md.
        split: {", ".join(layout.splits)}. Without public truth a zip for the server is written.
        config: every knob.
        output: how to talk.
    """
    return evaluate
