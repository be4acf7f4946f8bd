"""``overlay.mp4``: masks over the picture, depth beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.depth_picture import DepthPainter
from vidmem.sinks.drawing import draw_over
from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.segments import H264, SegmentedVideo
from vidmem.types import Result

LARGEST_WIDTH, LARGEST_HEIGHT = 1280, 720
"""Larger pictures are scaled down: the model keeps its cores, the masks have their own files."""


class Overlay:
    """H.264 that plays in a browser; with depth, two pictures side by side.

    Args:
        final: the file to be.
        frames_per_second: nominal.
        resume: state from ``checkpoint``.
    """

    def __init__(
        self, final: Path, *, frames_per_second: float, resume: Mapping[str, Any] | None = None
    ) -> None:
        self._paint = DepthPainter(resume["range"] if resume else None)
        self._beside: bool | None = resume["beside"] if resume else None
        self._size = (0, 0)
        self._canvas: np.ndarray | None = None
        self._video = SegmentedVideo(
            final,
            H264,
            frames_per_second=frames_per_second,
            resume=resume["video"] if resume else None,
        )

    def write(self, result: Result) -> None:
        """Draw and encode one frame. The first one decides on the size and the depth picture."""
        if self._beside is None:
            self._beside = result.depth is not None
        panels = 1 + self._beside
        if self._canvas is None:
            self._size = _fit(result.frame.size, panels=panels)
            self._canvas = _even_canvas(self._size[0], self._size[1] * panels)
        height, width = self._size
        picture = self._canvas[:height, :width]
        _shrink(result.frame.image, picture)
        labels = cv2.resize(labels_of(result), (width, height), interpolation=cv2.INTER_NEAREST)
        draw_over(picture, labels, result.objects)
        if self._beside:
            depth = result.depth
            shown = 0 if depth is None else self._paint(depth, self._size)
            self._canvas[:height, width : 2 * width] = shown
        # H.264 at 4:2:0 has even sides: one more row or column of the same colour where needed.
        self._canvas[height:] = self._canvas[height - 1]
        self._canvas[:, panels * width :] = self._canvas[:, panels * width - 1, None]
        self._video.write(self._canvas, result.frame.seconds)

    def checkpoint(self) -> dict[str, Any]:
        """Close the segment; the display range goes along."""
        return {
            "video": self._video.checkpoint(),
            "range": self._paint.state,
            "beside": self._beside,
        }

    def close(self) -> None:
        """Join and rename."""
        self._video.close()

    def abort(self) -> None:
        """Remove everything."""
        self._video.abort()


def _fit(size: tuple[int, int], *, panels: int) -> tuple[int, int]:
    height, width = size
    scale = min(1.0, LARGEST_WIDTH / (width * panels), LARGEST_HEIGHT / height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _shrink(
    image: UInt8[np.ndarray, "height width 3"], into: UInt8[np.ndarray, "rows columns 3"]
) -> None:
    """Down to half, bilinear weights see every pixel, at a third of the time."""
    size = into.shape[1::-1]
    slight = 2 * size[0] >= image.shape[1]
    way = cv2.INTER_LINEAR if slight else cv2.INTER_AREA
    cv2.resize(image, size, dst=into, interpolation=way)


def _even_canvas(height: int, width: int) -> UInt8[np.ndarray, "rows columns 3"]:
    return np.zeros((height + height % 2, width + width % 2, 3), np.uint8)
