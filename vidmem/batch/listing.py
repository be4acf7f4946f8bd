"""Many jobs from a list or a folder."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from vidmem.batch.jobs import LIVE, Job
from vidmem.batch.outcomes import TABLE
from vidmem.config import config_from
from vidmem.errors import ConfigError, SourceError

VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts", ".mpg", ".mpeg", ".wmv", ".flv")
LISTS = (".csv", ".jsonl", ".yaml", ".yml", ".json")
SIDECARS = (".txt", ".json", ".png")
"""Beside a video, with its name: prompts, one a line; COCO masks; first masks."""
COLUMNS = ("video", "prompts", "masks", "sinks", "every", "size", "start", "end", "config", "out")


def read_jobs(where: Path, out: Path, defaults: Job) -> list[Job]:
    """One job per video, each with a folder of its own under ``out``.

    Args:
        where: a CSV, JSONL or YAML list with the columns ``COLUMNS`` (only ``video`` is needed);
            a folder of videos with prompts beside them; or a DAVIS tree with first masks.
        out: the folder for all.
        defaults: options of every video where the list names none.

    Raises:
        SourceError: it cannot be read, or is empty.
        ConfigError: a column or value that does not exist.
    """
    if where.is_dir():
        found = list(_davis(where) if (where / "JPEGImages").is_dir() else _folder(where))
    else:
        found = [_row(row, where.parent) for row in _rows(where)]
    if not found:
        raise SourceError(f"{where} lists no videos.", remedy="Add one, or give another folder.")
    jobs, taken = [], {TABLE}
    for values in found:
        name = _inside(values.pop("out", None) or Path(values["source"]).stem or "video")
        unique = next(n for n in _numbered(name) if n not in taken)
        taken.add(unique)
        jobs.append(_job(values, out / unique, defaults))
    return jobs


def _job(values: dict[str, Any], out: Path, defaults: Job) -> Job:
    settings = values.pop("config", None)
    config = config_from(settings) if settings else defaults.config
    return replace(defaults, **values, out=out, config=config)


def _inside(name: str) -> str:
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ConfigError(
            f"The folder {name!r} of a row leads out of --out.", remedy="Give a name, without '..'."
        )
    return name


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _rows(path: Path) -> list[Mapping[str, Any]]:
    hint = "Give a list or a folder of videos; for a single video there is vidmem run."
    if path.is_file() and path.suffix.lower() not in LISTS:  # never read: it may be huge
        raise SourceError(f"{path} is no list ({', '.join(LISTS)}).", remedy=hint)
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SourceError(f"{path} cannot be opened: {reason}.", remedy=hint) from None
    try:
        rows = _parse(path.suffix.lower(), text)
    except (ValueError, yaml.YAMLError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read: {error}.", remedy="Check its form.") from None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise SourceError(f"{path} is no list of videos.", remedy="Write - video: clip.mp4")
    return rows


def _parse(suffix: str, text: str) -> Any:
    if suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    if suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return yaml.safe_load(text)


def _row(row: Mapping[str, Any], base: Path) -> dict[str, Any]:
    given = {name: value for name, value in row.items() if value not in (None, "", [])}
    unknown = sorted(str(name) for name in set(given) - set(COLUMNS))
    if unknown or "video" not in given:
        what = f"an unknown column {unknown[0]!r}" if unknown else "no video"
        raise ConfigError(f"A row has {what}.", remedy=f"Columns are {', '.join(COLUMNS)}.")
    video = str(given.pop("video"))
    values: dict[str, Any] = {"source": video if video.startswith(LIVE) else str(base / video)}
    try:
        values |= {name: _READ[name](value) for name, value in given.items()}
    except (TypeError, ValueError):
        raise ConfigError(
            f"The row of {video} has a value that cannot be read.",
            remedy="Prompts are separated by ';', sizes are width,height.",
        ) from None
    if "masks" in values:
        values["masks"] = base / values["masks"]
    return values


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else value
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _size(value: str | Sequence[int]) -> tuple[int, int]:
    width, height = value.replace("x", ",").split(",") if isinstance(value, str) else value
    return int(width), int(height)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "prompts": _texts,
    "masks": str,
    "sinks": _texts,
    "every": int,
    "size": _size,
    "start": float,
    "end": float,
    "config": lambda value: json.loads(value) if isinstance(value, str) else dict(value),
    "out": str,
}


def _folder(folder: Path) -> Iterator[dict[str, Any]]:
    """Every file is a video or stands beside one: what is neither fails by name, not silently."""
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    videos = [p for p in entries if p.is_dir() or p.suffix.lower() in VIDEOS]
    stems = {path.stem for path in videos}
    for path in entries:
        if path in videos:
            yield {"source": str(path), **_beside(path)}
        elif path.suffix.lower() not in SIDECARS or path.stem not in stems:
            yield {"source": str(path)}


def _beside(video: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    prompts = video.with_name(video.stem + ".txt")
    if prompts.is_file():
        found["prompts"] = _texts(prompts.read_text().replace("\n", ";"))
    for suffix in (".json", ".png"):
        masks = video.with_name(video.stem + suffix)
        if masks.is_file():
            found["masks"] = masks
    return found


def _davis(root: Path) -> Iterator[dict[str, Any]]:
    """``JPEGImages`` and ``Annotations``, with a folder per resolution between or not."""
    images = root / "JPEGImages"
    level = next((n for n in ("480p", "Full-Resolution") if (images / n).is_dir()), ".")
    for sequence in sorted(path for path in (images / level).iterdir() if path.is_dir()):
        masks = sorted((root / "Annotations" / level / sequence.name).glob("*.png"))
        yield {"source": str(sequence), **({"masks": masks[0]} if masks else {})}
