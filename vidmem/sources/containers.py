"""Opening a video container, and what it says about its pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidmem.errors import SourceError
from vidmem.sources.limits import check_size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

SMALLEST_LIMIT = 2**20
OPEN_SECONDS, READ_SECONDS = 10.0, 5.0
THREADS = 2
RTSP_OPTIONS = {"rtsp_flags": "prefer_tcp"}


@contextmanager
def open_video(
    where: str | BufferedIOBase, *, name: str
) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """The container and its first moving-picture stream, ready to decode.

    Raises:
        SourceError: missing, no video, or pictures too large.
    """
    import av

    try:
        container = av.open(
            where,
            options=RTSP_OPTIONS if str(where).startswith("rtsp") else {},
            metadata_errors="replace",
            timeout=(OPEN_SECONDS, READ_SECONDS) if isinstance(where, str) else None,
        )
    except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise _cannot_open(name, error) from None
    try:
        yield container, _video_stream(container, name)
    finally:
        container.close()


def _cannot_open(name: str, error: Exception) -> SourceError:
    reason = getattr(error, "strerror", None) or str(error)
    return SourceError(
        f"{name} cannot be opened as a video ({reason}).",
        remedy="Check that a player opens it; an unfinished recording has to be repaired first.",
    )


def _video_stream(container: "InputContainer", name: str) -> "VideoStream":
    streams = [
        stream
        for stream in container.streams.video
        if "ATTACHED_PIC" not in (stream.disposition.name or "").upper()
    ]
    if not streams:
        raise SourceError(f"{name} has no moving pictures.", remedy="Give a video.")
    stream = streams[0]
    context = stream.codec_context
    if context is None:
        raise SourceError(
            f"The pictures of {name} are in a format that this build cannot decode.",
            remedy="Convert it, for example with ffmpeg -c:v libx264.",
        )
    check_size(context.width, context.height, name)
    # A damaged header in the middle must not ask for memory that the first one did not.
    limit = max(4 * context.width * context.height, SMALLEST_LIMIT)
    context.options = {"max_pixels": str(limit)}
    stream.thread_type = "AUTO"
    context.thread_count = THREADS
    return stream


def rate_of(stream: "VideoStream") -> float | None:
    """Nominal frames per second."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < rate < 1000 else None


def first_second(stream: "VideoStream") -> float:
    """Where the stream's clock starts."""
    return float((stream.start_time or 0) * (stream.time_base or Fraction(0)))


def declared_end(container: Any, stream: "VideoStream") -> float | None:
    """Where the pictures should end by the stream's clock, None where the file does not say."""
    rate = rate_of(stream)
    if container.format.name == "avi" and stream.frames and rate:
        return stream.frames / rate  # its duration is guessed from the bytes that are there
    if stream.duration and stream.time_base:
        return first_second(stream) + float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION", "")
    parts = tag.split("\0")[0].split(":")
    if len(parts) == 3:
        try:
            hours, minutes, seconds = (float(part) for part in parts)
        except ValueError:
            return None
        return 3600 * hours + 60 * minutes + seconds
    if container.duration and len(container.streams) == 1:
        return first_second(stream) + float(container.duration / 1e6)
    return None


def ends_in_file(stream: "VideoStream", path: Path) -> bool:
    """Every picture in the index lies inside the file."""
    size = path.stat().st_size
    return all(entry.pos + entry.size <= size for entry in stream.index_entries)
