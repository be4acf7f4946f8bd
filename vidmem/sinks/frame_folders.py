"""Folders with one file per frame, and palette masks, the plainest of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.palette import palette
from vidmem.sinks.places import Place, remove, told
from vidmem.sinks.png import png_of_labels
from vidmem.types import Result


class FrameFolder:
    """A folder that gets one file per frame, ``%05d`` and a suffix.

    Args:
        final: the folder to be.
        inside: where in it the files go.
        resume: state from ``checkpoint``.
    """

    suffix = ".png"

    def __init__(
        self, final: Path, *, inside: str = ".", resume: Mapping[str, Any] | None = None
    ) -> None:
        self.place = Place(final, folder=True, resume=resume is not None)
        self._files = self.place.partial / inside
        with told(final):
            self._files.mkdir(parents=True, exist_ok=True)
            self._next = resume["next"] if resume else 0
            for path in self._files.glob("*" + self.suffix):
                if int(path.stem) >= self._next:
                    remove(path)

    def write(self, result: Result) -> None:
        """One more file."""
        self._next = result.frame.index + 1
        path = self._files / f"{result.frame.index:05d}{self.suffix}"
        with told(self.place.final):
            self.save(path, result)

    def save(self, path: Path, result: Result) -> None:
        """Write the file of one frame."""
        raise NotImplementedError

    def checkpoint(self) -> dict[str, Any]:
        """Files last as they are written."""
        return {"next": self._next}

    def close(self) -> None:
        """Rename the folder."""
        self.place.publish()

    def abort(self) -> None:
        """Remove everything."""
        self.place.discard()


class MaskFolder(FrameFolder):
    """Palette PNG in the DAVIS convention: the pixel is the object's id, 0 is background."""

    def save(self, path: Path, result: Result) -> None:
        save_mask(path, labels_of(result))


def labels_of(result: Result) -> UInt8[np.ndarray, "height width"]:
    """Object ids at frame size; all background where no refiner has run."""
    if result.masks.labels is None:
        return np.zeros(result.frame.size, np.uint8)
    return result.masks.labels


def save_mask(path: Path, labels: UInt8[np.ndarray, "height width"]) -> None:
    """Write one palette PNG."""
    path.write_bytes(png_of_labels(labels, palette()))
