"""Streaming decoding with PyAV: what can be shown is shown, an early end is told."""

from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase
from typing import TYPE_CHECKING, Any

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources.colour import to_rgb
from vidmem.sources.containers import declared_end, first_second, open_video, rate_of
from vidmem.sources.deinterlacing import Deinterlacer
from vidmem.sources.limits import check_size
from vidmem.sources.pictures import Picture

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

DEFAULT_RATE = 24.0
MISSING_FRAMES = 1.5
"""A file ends early if it lacks more than this at its end."""
MOST_DAMAGED = 1000
"""Undecodable packets in a row after which there is nothing to wait for."""


def decode(
    where: str | BufferedIOBase, start: float, *, name: str, skip: int = 0
) -> Iterator[Picture]:
    """Pictures with their true times from the first frame on.

    Undecodable packets in the middle are passed over, as players do.

    Args:
        where: a path, an address or an open binary file.
        start: pictures before it may be left out; in seconds.
        name: for messages.
        skip: pictures that somebody else has delivered.

    Raises:
        SourceError: no video, or none of its pictures can be decoded.
        TruncatedError: after the good pictures of a file that is cut.
    """
    with open_video(where, name=name) as (container, stream):
        reader = _Reader(container, stream, name)
        if start > 0 and isinstance(where, str):
            reader.seek(start)
        for count, picture in enumerate(reader.pictures()):
            if count >= skip:
                yield picture
        reader.check_end()


class _Reader:
    def __init__(self, container: Any, stream: "VideoStream", name: str) -> None:
        self._container = container
        self._stream = stream
        self._name = name
        self._begin = first_second(stream)
        self._interval = 1.0 / (rate_of(stream) or DEFAULT_RATE)
        self._deinterlacer = Deinterlacer(stream)
        self._seconds = -1.0
        self._reached = 0.0
        self._damaged = 0
        self._broken: str | None = None

    def seek(self, start: float) -> None:
        """To the key frame before; formats that cannot do it are read from the beginning."""
        import av

        try:
            self._container.seek(
                int((self._begin + start) / (self._stream.time_base or 1)), stream=self._stream
            )
        except (av.error.FFmpegError, OSError, OverflowError):
            return

    def pictures(self) -> Iterator[Picture]:
        for packet in self._packets():
            for frame in self._decode(packet):
                for shown in self._deinterlacer(frame):
                    yield self._picture(shown)
        for shown in self._deinterlacer(None):
            yield self._picture(shown)

    def _packets(self) -> Iterator["Packet"]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, OSError) as error:
                self._broken = str(error)
                return
            yield packet

    def _decode(self, packet: "Packet") -> list["VideoFrame"]:
        import av

        try:
            frames = packet.decode()
        except av.error.EOFError:
            return []
        except (av.error.FFmpegError, MemoryError, ValueError):
            self._damaged += 1
            if self._damaged > MOST_DAMAGED:
                raise TruncatedError(
                    f"{self._name} cannot be decoded any further.", remedy="The file is damaged."
                ) from None
            return []
        if packet.pts is not None and frames:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._reached = max(self._reached, float(end))
        self._damaged = 0 if frames else self._damaged
        return [frame for frame in frames if frame is not None]

    def _picture(self, frame: "VideoFrame") -> Picture:
        check_size(frame.width, frame.height, self._name)
        seconds = self._seconds + self._interval if self._seconds >= 0 else 0.0
        if frame.time is not None and frame.time - self._begin > self._seconds:
            seconds = max(0.0, frame.time - self._begin)
        self._reached = max(self._reached, seconds + self._begin)
        self._seconds = seconds
        return Picture(partial(to_rgb, frame), seconds)

    def check_end(self) -> None:
        """Compare what came with what the file promised."""
        if self._seconds < 0:
            if self._damaged or self._broken:
                raise SourceError(
                    f"No picture of {self._name} can be decoded.",
                    remedy="The file is damaged or incomplete; make or copy it again.",
                )
            return
        end = declared_end(self._container, self._stream)
        missing = 0.0 if end is None else end - self._reached
        if self._broken is None and missing <= MISSING_FRAMES * self._interval:
            return
        raise TruncatedError(
            f"{self._name} is cut after {self._seconds + self._interval:.2f} s"
            + (f" of {end - self._begin:.2f} s." if end is not None else "."),
            remedy="What came before is good; copy or record the file again for the rest.",
        )
