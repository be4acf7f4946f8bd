"""Frames from a video file: decord where it is installed and the file is plain, else PyAV."""

import logging
from collections.abc import Iterator
from functools import cache
from heapq import heappop, heappush
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidmem.sources.colour import BT709, HD_HEIGHT, UNSPECIFIED
from vidmem.sources.containers import THREADS, ends_in_file, first_second, open_video, rate_of
from vidmem.sources.decoding import decode
from vidmem.sources.pictures import Picture, PictureSource, Selection

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SAME_COLOURS = (BT709, 5, 6)
"""BT.709 and both BT.601 matrices: decord converts these as PyAV does."""
SMALLEST_WIDTH = 64
"""Decord 0.6 takes the padding of narrower rows for channels."""
LARGEST_REORDER = 16
"""Frames that H.264 may hold back (annex A)."""


def video_source(path: Path, selection: Selection) -> PictureSource:
    """A source over one video file.

    Raises:
        SourceError: no video, or its pictures are too large.
    """
    name = str(path)
    with open_video(name, name=name) as (_, stream):
        rate, count = rate_of(stream), stream.frames or None
        plain = has_decord() and _is_plain(stream, path)

    def pictures(start: float) -> Iterator[Picture]:
        if plain and start == 0:
            return _decord_then_av(name)
        return decode(name, start, name=name)

    return PictureSource(pictures, selection, name=name, frames_per_second=rate, frame_count=count)


def stream_source(file: Any, selection: Selection, *, name: str) -> PictureSource:
    """A source over an open binary file that is read once, forwards: standard input, a socket."""
    return PictureSource(lambda start: decode(file, start, name=name), selection, name=name)


@cache
def has_decord() -> bool:
    """Whether decord is there; what reads instead is said once."""
    if find_spec("decord") is not None:
        return True
    logging.getLogger(__name__).warning(
        "decord is not installed (it has no wheels for Arm); PyAV reads the video files."
    )
    return False


def _is_plain(stream: "VideoStream", path: Path) -> bool:
    """Decord gives the same pictures as PyAV for it, and nothing is missing at its end.

    Its FFmpeg is of 2020 and ends the process on some damaged files, so the rest never gets there.
    """
    context = stream.codec_context
    colour = context.colorspace in SAME_COLOURS or (
        context.colorspace == UNSPECIFIED and context.height < HD_HEIGHT
    )
    return (
        stream.container.format.name.startswith("mov,mp4")
        and context.name == "h264"
        and context.pix_fmt == "yuv420p"
        and colour
        and context.width >= SMALLEST_WIDTH
        and 0 < stream.frames == len(stream.index_entries)
        and ends_in_file(stream, path)
        and _first_is_upright(path)
    )


def _first_is_upright(path: Path) -> bool:
    """The first picture needs no rotation and is progressive; False where it cannot be decoded."""
    import av

    with open_video(str(path), name=str(path)) as (container, again):
        try:
            frame = next(container.decode(again))
        except (StopIteration, av.error.FFmpegError, MemoryError, ValueError):
            return False
        return not frame.rotation and not frame.interlaced_frame and not frame.is_corrupt


def _decord_then_av(name: str) -> Iterator[Picture]:
    """Should decord give up in the middle, PyAV goes on and judges what is left."""
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    delivered = 0
    try:
        reader = decord.VideoReader(name, num_threads=THREADS)
        for seconds in _shown_seconds(name):
            yield Picture(reader.next().asnumpy, seconds)
            delivered += 1
        return
    except (decord.DECORDError, StopIteration):
        pass
    yield from decode(name, 0.0, name=name, skip=delivered)


def _shown_seconds(name: str) -> Iterator[float]:
    """Times of all pictures in the order they are shown; decord's own are rounded to float32."""
    waiting: list[float] = []
    with open_video(name, name=name) as (container, stream):
        begin = first_second(stream)
        for packet in container.demux(stream):
            if packet.pts is not None:
                heappush(waiting, float(packet.pts * packet.time_base) - begin)
            if len(waiting) > LARGEST_REORDER:
                yield heappop(waiting)
    while waiting:
        yield heappop(waiting)
