"""One door to every source."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vidmem.errors import SourceError
from vidmem.protocols import Source
from vidmem.sources.arrays import array_source
from vidmem.sources.camera import address_source, device_source
from vidmem.sources.images import SUFFIXES, image_source, list_images
from vidmem.sources.latest import Latest
from vidmem.sources.pictures import PictureSource, Selection
from vidmem.sources.rosbag import is_bag, rosbag_source
from vidmem.sources.video import stream_source, video_source
from vidmem.types import Number

ADDRESSES = ("rtsp://", "rtsps://", "http://", "https://")
STILLS_PER_SECOND = 24.0


def open_source(
    what: str | Path | Iterable[Any],
    *,
    every: int = 1,
    size: tuple[int, int] | None = None,
    start: Number | None = None,
    end: Number | None = None,
    frames_per_second: Number | None = None,
    patience_seconds: Number = 60.0,
) -> Source:
    """Frames from anywhere, as RGB, numbered from 0, with their true times.

    Args:
        what: a video file, an image or a folder of images, a ROS bag, ``camera:0``, an rtsp:// or
            http:// address, ``-`` for a video on standard input, or an iterable of uint8 arrays
            [height, width(, 1, 3 or 4)] or :class:`Frame`. Cameras and live streams come wrapped
            in :class:`Latest`.
        every: use every n-th frame.
        size: width and height to resize frames to.
        start: leave out what is earlier, in seconds.
        end: stop here, in seconds.
        frames_per_second: of images and arrays, which carry no times (24 if left out).
        patience_seconds: how long a live source may be silent before it is given up.

    Raises:
        SourceError: missing, not readable, or an impossible selection.
    """
    selection = Selection(every=every, size=size, start=start, end=end)
    rate = STILLS_PER_SECOND if frames_per_second is None else float(frames_per_second)
    if not 0 < rate < 1e6:
        raise SourceError(f"{rate} frames per second is no rate.", remedy="Give e.g. 24.")
    if not isinstance(what, str | Path):
        return array_source(what, selection, frames_per_second=rate)
    text = str(what)
    if text == "-":
        return stream_source(sys.stdin.buffer, selection, name="Standard input")
    if text.startswith("camera:"):
        number = _camera_number(text)
        return Latest(device_source(number, selection, patience_seconds=float(patience_seconds)))
    if isinstance(what, str) and text.startswith(ADDRESSES):
        source = address_source(text, selection, patience_seconds=float(patience_seconds))
        return Latest(source) if source.live else source
    return _open_path(Path(what), selection, rate)


def _open_path(path: Path, selection: Selection, rate: float) -> PictureSource:
    if is_bag(path):
        return rosbag_source(path, selection)
    try:
        if path.is_dir():
            return image_source(
                list_images(path), selection, name=str(path), frames_per_second=rate
            )
        with path.open("rb") as file:
            empty = not file.read(1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path} cannot be opened: {reason}.", remedy="Check the path.") from None
    if empty:
        raise SourceError(f"{path} is empty.", remedy="Copy or record it again.")
    if path.suffix.lower() in SUFFIXES:
        return image_source([path], selection, name=str(path), frames_per_second=rate)
    return video_source(path, selection)


def _camera_number(text: str) -> int:
    number = text.removeprefix("camera:")
    if not number.isdecimal():
        raise SourceError(f"{text!r} names no camera.", remedy="Write camera:0 for the first.")
    return int(number)
