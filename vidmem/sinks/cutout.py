"""The objects alone, on transparency."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.segments import Encoding, SegmentedVideo
from vidmem.types import Result


class Cutout:
    """A video with alpha: ProRes 4444 for editing or VP9 for browsers.

    Args:
        final: the file to be.
        encoding: ``PRORES`` or ``VP9``.
        frames_per_second: nominal.
        resume: state from ``checkpoint``.
    """

    def __init__(
        self,
        final: Path,
        encoding: Encoding,
        *,
        frames_per_second: float,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        self._video = SegmentedVideo(
            final, encoding, frames_per_second=frames_per_second, resume=resume
        )

    def write(self, result: Result) -> None:
        """Opaque where an object is, black and transparent elsewhere; sides padded to even."""
        inside = labels_of(result) > 0
        height, width = inside.shape
        image = np.zeros((height + height % 2, width + width % 2, 4), np.uint8)
        image[:height, :width, :3] = result.frame.image * inside[..., None]
        image[:height, :width, 3] = inside * np.uint8(255)
        self._video.write(image, result.frame.seconds)

    def checkpoint(self) -> dict[str, Any]:
        """Close the segment."""
        return self._video.checkpoint()

    def close(self) -> None:
        """Join and rename."""
        self._video.close()

    def abort(self) -> None:
        """Remove everything."""
        self._video.abort()
