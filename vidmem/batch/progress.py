"""How far a run has come, on disk: a killed run goes on from here.

The record is the one point of commitment: the engine's state and the sinks' files are written
first, then the record that names them is renamed into place. Whatever a kill leaves half-written
is older or newer than the record, and cut away when the run goes on.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidmem.engine import Engine
from vidmem.sinks.places import remove, told

FOLDER = ".vidmem-state"
RECORD = "progress.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the record says."""

    key: str
    """Of the job: another input or option starts anew."""
    frames: int
    """Frames done; also the index of the next."""
    state: str
    """File of the engine's state."""
    sinks: Mapping[str, Any]
    """What ``open_sinks(resume=)`` needs."""
    model_seconds: float
    seconds: float


def read_progress(out: Path, key: str) -> Progress | None:
    """What an earlier run of the same job left, None where there is nothing to go on from."""
    try:
        progress = Progress(**json.loads((out / FOLDER / RECORD).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    usable = progress.key == key and (out / FOLDER / progress.state).is_file()
    return progress if usable else None


def save_progress(out: Path, progress: Progress, engine: Engine) -> None:
    """State first, then the record, then away with the older state.

    Raises:
        SinkError: it cannot be written.
    """
    folder = out / FOLDER
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        engine.save(folder / progress.state)
        partial = folder / (RECORD + ".partial")
        with partial.open("w") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / RECORD)
        for path in folder.iterdir():
            if path.name not in (RECORD, progress.state):
                remove(path)


def forget_progress(out: Path) -> None:
    """The run is over, or must start anew.

    Raises:
        SinkError: it cannot be removed.
    """
    with told(out):
        (out / FOLDER / RECORD).unlink(missing_ok=True)
        remove(out / FOLDER)


def read_summary(out: Path, key: str) -> dict[str, Any] | None:
    """The summary of the same job, where it was finished."""
    try:
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.get("key") == key else None
