"""Sinks by name, any number at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from vidmem.errors import ConfigError
from vidmem.sinks.coco import CocoFile
from vidmem.sinks.cutout import Cutout
from vidmem.sinks.depth_arrays import DepthExr, DepthNpz
from vidmem.sinks.depth_files import DepthPictures
from vidmem.sinks.frame_folders import MaskFolder
from vidmem.sinks.group import SinkGroup
from vidmem.sinks.lines import ResultLines
from vidmem.sinks.overlay import Overlay
from vidmem.sinks.rosbag import RosBag
from vidmem.sinks.segments import PRORES, VP9
from vidmem.sinks.stored import State, StoredSink
from vidmem.sinks.yolo import YoloFolder
from vidmem.sinks.youtube_vos import YouTubeVosFolder
from vidmem.types import Number

DEFAULT_RATE = 24.0


@dataclass(frozen=True, slots=True)
class _Target:
    out: Path
    rate: float
    sequence: str
    resume: State | None


BUILDERS: Mapping[str, Callable[[_Target], StoredSink]] = {
    "overlay": lambda to: Overlay(
        to.out / "overlay.mp4", frames_per_second=to.rate, resume=to.resume
    ),
    "masks": lambda to: MaskFolder(to.out / "masks", resume=to.resume),
    "davis": lambda to: MaskFolder(to.out / "davis", inside=to.sequence, resume=to.resume),
    "youtube-vos": lambda to: YouTubeVosFolder(
        to.out / "youtube-vos", sequence=to.sequence, resume=to.resume
    ),
    "coco": lambda to: CocoFile(to.out / "coco.json", resume=to.resume),
    "yolo-seg": lambda to: YoloFolder(to.out / "yolo-seg", resume=to.resume),
    "cutout": lambda to: Cutout(
        to.out / "cutout.mov", PRORES, frames_per_second=to.rate, resume=to.resume
    ),
    "cutout-vp9": lambda to: Cutout(
        to.out / "cutout.webm", VP9, frames_per_second=to.rate, resume=to.resume
    ),
    "depth16": lambda to: DepthPictures(to.out / "depth", resume=to.resume),
    "depth-npz": lambda to: DepthNpz(to.out / "depth-npz", resume=to.resume),
    "depth-exr": lambda to: DepthExr(to.out / "depth-exr", resume=to.resume),
    "rosbag": lambda to: RosBag(to.out / "rosbag", resume=to.resume),
    "jsonl": lambda to: ResultLines(to.out / "results.jsonl", resume=to.resume),
}
SINKS = tuple(BUILDERS)
"""Every name that ``open_sinks`` takes."""


def open_sinks(
    names: Sequence[str],
    out: str | Path,
    *,
    frames_per_second: Number | None = None,
    sequence: str = "video",
    resume: Mapping[str, Any] | None = None,
) -> SinkGroup:
    """Write results under ``out``, every sink under its own name.

    Args:
        names: of ``SINKS``.
        out: a folder; made if it is missing.
        frames_per_second: nominal rate; the true times are written where the format has them.
        sequence: the video's name in formats that hold several.
        resume: what ``checkpoint`` returned before the run was killed. Without it, what is left of
            a killed run is removed.

    Raises:
        ConfigError: an unknown name.
        SinkError: the folder cannot be written, or holds something that vidmem did not write.
    """
    rate = float(frames_per_second or DEFAULT_RATE)
    opened: dict[str, StoredSink] = {}
    try:
        for name in dict.fromkeys(names):
            state = None if resume is None else resume.get(name)
            target = _Target(Path(out), rate, _file_name(sequence), state)
            opened[name] = _builder(name)(target)
    except BaseException:
        for name in reversed(opened):
            opened[name].abort()
        raise
    return SinkGroup(opened)


def _file_name(sequence: str) -> str:
    return re.sub(r"[^\w.-]+|^\.+", "_", sequence) or "video"


def _builder(name: str) -> Callable[[_Target], StoredSink]:
    if name in BUILDERS:
        return BUILDERS[name]
    close = get_close_matches(name, SINKS, n=1, cutoff=0.0)
    raise ConfigError(
        f"There is no sink {name!r}; there are: {', '.join(SINKS)}.", remedy=f"Try {close[0]!r}."
    )
