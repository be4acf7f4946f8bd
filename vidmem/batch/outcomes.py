"""What became of every video, as a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from vidmem.batch.jobs import Job
from vidmem.sinks.places import write_whole

TABLE = "summary.csv"
Status = Literal["done", "already done", "truncated", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of ``TABLE``."""

    source: str
    out: str
    status: Status
    frames: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Everything of the video was written."""
        return self.status in ("done", "already done")


def outcome_of(job: Job, summary: dict[str, Any], *, again: bool) -> Outcome:
    """Of a finished run; ``again`` where an earlier call had finished it."""
    ended: Status = "already done" if again else "done"
    return Outcome(
        source=job.source,
        out=job.where,
        status="truncated" if summary["truncated"] else ended,
        frames=summary["frames"],
        seconds=summary["seconds"],
        fps=summary["fps"],
        error=summary["warning"] or "",
    )


def failure_of(job: Job, error: str) -> Outcome:
    """Of a run that cannot be done."""
    return Outcome(source=job.source, out=job.where, status="failed", error=error)


def write_table(path: Path, outcomes: Sequence[Outcome]) -> None:
    """``TABLE``, in the order of the list, under a temporary name first.

    Raises:
        SinkError: it cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Outcome)])
    writer.writeheader()
    writer.writerows(asdict(outcome) for outcome in outcomes)
    write_whole(path, text.getvalue())
