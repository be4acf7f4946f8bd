"""Video files written in segments: a closed segment is safe, the end joins them unchanged."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.places import Place, remove, told

TIME_BASE = Fraction(1, 90_000)
BT601, BT709 = 6, 1
"""Matrix coefficients, primaries and transfer (ITU-T H.273)."""
LIMITED_RANGE = 1


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a video is written. Frames must leave in the order they come: no B-frames."""

    codec: str
    container: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)
    join_options: Mapping[str, str] = field(default_factory=dict)


H264 = Encoding(
    "libx264",
    "mp4",
    "yuv420p",
    # The cores are the model's: half the time of superfast for a sixth more bytes. A constant
    # quantiser looks as crf 21 does, at as many bytes; not having to look ahead saves a quarter.
    {"preset": "ultrafast", "qp": "22", "bf": "0", "threads": "1"},
    {"movflags": "+faststart"},
)
PRORES = Encoding("prores_ks", "mov", "yuva444p10le", {"profile": "4444", "alpha_bits": "8"})
VP9 = Encoding(
    "libvpx-vp9",
    "webm",
    "yuva420p",
    {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "6", "auto-alt-ref": "0"},
)


class SegmentedVideo:
    """A video at variable rate, from pictures with times.

    Args:
        final: the file to be.
        encoding: codec and container.
        frames_per_second: nominal; the true times are written.
        resume: state from ``checkpoint``.

    Raises:
        SinkError: the file cannot be written.
    """

    def __init__(
        self,
        final: Path,
        encoding: Encoding,
        *,
        frames_per_second: float,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        self._place = Place(final, folder=True, resume=resume is not None)
        self._encoding = encoding
        self._rate = Fraction(frames_per_second).limit_denominator(1001)
        self._begin: float | None = resume["begin"] if resume else None
        self._last = resume["last"] if resume else -1
        self._starts: list[int] = list(resume["starts"]) if resume else []
        self._container: Any = None
        self._planes: np.ndarray | None = None
        with told(final):
            for path in self._place.partial.iterdir():
                if path not in self._segments():
                    remove(path)

    def write(self, image: UInt8[np.ndarray, "height width channels"], seconds: float) -> None:
        """Encode one picture, RGB for ``H264`` and else RGBA; sides even, all of one size."""
        self._begin = seconds if self._begin is None else self._begin
        tick = max(self._last + 1, round((seconds - self._begin) / TIME_BASE))
        with told(self._place.final):
            if self._container is None:
                self._open(image.shape[1], image.shape[0], tick)
            frame = self._frame_of(image)
            frame.pts, frame.time_base = tick - self._starts[-1], TIME_BASE
            self._container.mux(self._stream.encode(frame))
        self._last = tick

    def checkpoint(self) -> dict[str, Any]:
        """Close the segment."""
        with told(self._place.final):
            self._finish()
        return {"begin": self._begin, "last": self._last, "starts": self._starts}

    def close(self) -> None:
        """Close the last segment, join all and rename; without a picture there is no file."""
        with told(self._place.final):
            self._finish()
            if not self._starts:
                self._place.discard()
                return
            self._join(self._place.partial / "joined")
        self._place.publish(inner="joined")

    def abort(self) -> None:
        """Remove everything."""
        import av

        with suppress(OSError, av.error.FFmpegError):  # a full disk: the rest is not wanted
            self._finish()
        self._place.discard()

    def _frame_of(self, image: np.ndarray) -> Any:
        from av import VideoFrame

        pixels = self._encoding.pixels
        if pixels != "yuv420p":
            whole = VideoFrame.from_ndarray(image, format="rgba")
            return whole.reformat(format=pixels, dst_colorspace="ITU601")
        # Several times faster than libswscale; this matrix is BT.601, limited range. Memory that
        # is used again has not to be cleared by the kernel again.
        self._planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420, dst=self._planes)
        return VideoFrame.from_ndarray(self._planes, format=pixels)

    def _segments(self) -> list[Path]:
        return [self._place.partial / f"{number:05d}" for number in range(len(self._starts))]

    def _open(self, width: int, height: int, tick: int) -> None:
        import av

        self._starts.append(tick)
        encoding = self._encoding
        self._container = av.open(str(self._segments()[-1]), "w", format=encoding.container)
        stream = self._container.add_stream(
            encoding.codec, rate=self._rate, options=dict(encoding.options)
        )
        stream.width, stream.height, stream.pix_fmt = width, height, encoding.pixels
        context = stream.codec_context
        context.time_base = TIME_BASE
        context.colorspace = BT601
        context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        self._stream = stream

    def _finish(self) -> None:
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            container.mux(self._stream.encode(None))
        finally:
            container.close()

    def _join(self, joined: Path) -> None:
        import av

        with av.open(
            str(joined),
            "w",
            format=self._encoding.container,
            options=dict(self._encoding.join_options),
        ) as output:
            stream = None
            for path, start in zip(self._segments(), self._starts, strict=True):
                with av.open(str(path)) as segment:
                    video = segment.streams.video[0]
                    if stream is None:
                        stream = output.add_stream_from_template(video)
                    shift = round(start * TIME_BASE / video.time_base)
                    for packet in segment.demux(video):
                        if packet.dts is None:
                            continue
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = stream
                        output.mux(packet)
