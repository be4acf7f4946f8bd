"""``overlay.mp4``: masks over the picture, depth beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.depth_picture import DepthPainter
from vidmem.sinks.drawing import draw_objects
from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.segments import H264, SegmentedVideo
from vidmem.types import Result

LARGEST_WIDTH, LARGEST_HEIGHT = 1920, 1080
"""Larger pictures are scaled down: every browser plays these, and the model keeps its cores."""


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
        self._video = SegmentedVideo(
            final,
            H264,
            frames_per_second=frames_per_second,
            resume=resume["video"] if resume else None,
        )

    def write(self, result: Result) -> None:
        """Draw and encode one frame. The first one decides whether there is a depth picture."""
        if self._beside is None:
            self._beside = result.depth is not None
        height, width = _fit(result.frame.size, panels=1 + self._beside)
        image, labels = result.frame.image, labels_of(result)
        if image.shape[:2] != (height, width):
            image = _smaller(image, (width, height))
            labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
        picture = np.zeros((height, width * (1 + self._beside), 3), np.uint8)
        picture[:, :width] = draw_objects(image, labels, result.objects)
        if self._beside and result.depth is not None:
            picture[:, width:] = self._paint(result.depth, (height, width))
        self._video.write(_even(picture), result.frame.seconds)

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


def _smaller(
    image: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Down to half, bilinear weights see every pixel, at a third of the time."""
    slight = 2 * size[0] >= image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if slight else cv2.INTER_AREA)


def _even(image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """H.264 at 4:2:0 has even sides: one more row or column of the same colour where needed."""
    down, right = image.shape[0] % 2, image.shape[1] % 2
    if not down and not right:
        return image
    return cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE)
