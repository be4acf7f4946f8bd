"""Runs a data set: what is done is not done again, and what only a server can judge is packed."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vidmem.engine import Engine
from vidmem.evaluation.datasets import find, read_set, tracks_of
from vidmem.evaluation.davis import row_of, speed_of
from vidmem.evaluation.layouts import LAYOUTS, Layout
from vidmem.evaluation.masks import Summary
from vidmem.evaluation.report import markdown
from vidmem.evaluation.scoring import ObjectScore, means, score_video
from vidmem.evaluation.sequences import LabelledVideo
from vidmem.sinks.frame_folders import labels_of, save_mask
from vidmem.sinks.places import Place, told, write_whole
from vidmem.types import Result


def evaluate_set(
    name: str,
    root: Path,
    *,
    out: Path,
    make_engine: Callable[[], Engine],
    split: str | None = None,
    track: Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]] = iter,
) -> dict[str, Any]:
    """Follow the given masks of every video of a split and judge the answers where truth is public.

    Under ``out``: ``masks/<video>/<frame>.png``, ``sequences/<video>.json``, ``report.json`` and
    ``report.md``; without truth ``submission.zip``. A video whose JSON is there with the same
    configuration and files is not followed again.

    Args:
        name: of ``LAYOUTS``.
        root: the data set.
        out: a folder.
        make_engine: a fresh engine for every video.
        split: of the set; the default is the one that papers report.
        track: shows progress over the videos.

    Raises:
        ConfigError: no such split.
        SourceError: the data cannot be read.
        SinkError: the results cannot be written.
    """
    layout, config_hash = LAYOUTS[name], make_engine().config.hash()
    videos = read_set(layout, root, split=split)
    rows: dict[str, dict[str, Any]] = {}
    scores: list[ObjectScore] = []
    for video in track(videos):
        key = _key(name, config_hash, video)
        done = _read(out, video, key) or _follow(video, layout, make_engine(), out=out, key=key)
        objects = [_score_from(values) for values in done["objects"]]
        scores += objects
        rows[video.name] = row_of(objects, done["frames"], done["seconds"])
    report: dict[str, Any] = {"set": name, "split": split or layout.splits[0], "notes": []}
    report |= _judged(scores, rows) if scores else _packed(layout, out, videos)
    grouped = layout.grouping == "none" or find(root, layout.known, report["split"])
    if scores and not grouped:
        report["notes"].append(
            f"{layout.known[-1]} is missing: nobody tells seen from unseen, this is the plain mean."
        )
    report |= {**speed_of(rows), "config_hash": config_hash}
    write_whole(out / "report.json", json.dumps(report, indent=2) + "\n")
    write_whole(out / "report.md", markdown(report, title=f"{layout.title}, {report['split']}"))
    return report


def _key(name: str, config_hash: str, video: LabelledVideo) -> str:
    """Changes with the configuration, the protocol and the files."""
    files = [path.name for path in (*video.images, *video.masks.values())]
    sizes = [path.stat().st_size for path in (*video.images, *video.masks.values())]
    described = [name, config_hash, repr(video.tracks), video.merged, files, sizes]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _read(out: Path, video: LabelledVideo, key: str) -> dict[str, Any] | None:
    try:
        done: dict[str, Any] = json.loads((out / "sequences" / f"{video.name}.json").read_text())
    except (OSError, ValueError):
        return None
    complete = isinstance(done, dict) and done.get("key") == key
    return done if complete and (out / "masks" / video.name).is_dir() else None


def _follow(
    video: LabelledVideo, layout: Layout, engine: Engine, *, out: Path, key: str
) -> dict[str, Any]:
    place = Place(out / "masks" / video.name, folder=True)
    wanted = set(range(len(video.images)) if video.wanted is None else video.wanted)

    def keep(result: Result) -> None:
        index = result.frame.index
        if index in wanted:
            with told(place.partial):
                save_mask(place.partial / f"{video.images[index].stem}.png", labels_of(result))

    try:
        objects, seconds = score_video(video, engine, tracks_of(video, layout), told=keep)
        place.publish()
    except BaseException:
        place.discard()
        raise
    done = {
        "key": key,
        "frames": len(video.images),
        "seconds": seconds,
        "objects": [asdict(score) for score in objects],
    }
    write_whole(out / "sequences" / f"{video.name}.json", json.dumps(done, indent=2) + "\n")
    return done


def _score_from(values: dict[str, Any]) -> ObjectScore:
    summaries = {name: Summary(**values[name]) for name in ("region", "contour")}
    return ObjectScore(**{**values, **summaries})


def _judged(scores: Sequence[ObjectScore], rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    judged = [row["JF"] for row in rows.values() if "JF" in row]
    return {**means(scores), "JF_spread": float(np.std(judged)), "objects": len(scores)}


def _packed(layout: Layout, out: Path, videos: Sequence[LabelledVideo]) -> dict[str, Any]:
    final = out / "submission.zip"
    partial = final.with_name(final.name + ".partial")
    with told(final):
        with zipfile.ZipFile(partial, "w") as packed:
            for video in videos:
                for path in sorted((out / "masks" / video.name).glob("*.png")):
                    packed.write(path, Path(layout.inside) / video.name / path.name)
        partial.replace(final)
    note = f"The truth is not public; {layout.server or 'its owner'} judges {final}."
    return {"notes": [note], "submission": str(final)}
