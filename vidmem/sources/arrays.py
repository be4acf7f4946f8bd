"""Frames from any Python iterable of arrays or frames."""

from collections.abc import Iterable, Iterator, Sized
from functools import partial

import numpy as np
from jaxtyping import UInt8

from vidmem.errors import SourceError
from vidmem.sources.limits import check_size
from vidmem.sources.pictures import Picture, PictureSource, Selection
from vidmem.types import Frame


def array_source(
    arrays: Iterable[object], selection: Selection, *, frames_per_second: float
) -> PictureSource:
    """A source over arrays: uint8, [height, width], or with 1, 3 (RGB) or 4 (RGBA) channels.

    A :class:`Frame` among them keeps its own time.
    """

    def pictures(start: float) -> Iterator[Picture]:
        for index, item in enumerate(arrays):
            if isinstance(item, Frame):
                yield Picture(
                    partial(as_rgb, item.image),
                    item.seconds,
                    item.gap_seconds,
                    item.intrinsics,
                    item.camera_to_world,
                )
            else:
                yield Picture(partial(as_rgb, item), index / frames_per_second)

    return PictureSource(
        pictures,
        selection,
        name="The iterable",
        frames_per_second=frames_per_second,
        frame_count=len(arrays) if isinstance(arrays, Sized) else None,
    )


def as_rgb(item: object) -> UInt8[np.ndarray, "height width 3"]:
    """A copy as RGB; alpha is dropped.

    Raises:
        SourceError: another type or shape.
    """
    array = np.asarray(item)
    if array.ndim == 2:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise SourceError(
            f"A frame is {array.dtype} of shape {array.shape}; it must be uint8 RGB, "
            "[height, width, 3].",
            remedy="Convert it, for example (255 * x).round().astype('uint8').",
        )
    check_size(array.shape[1], array.shape[0], "A frame")
    if array.shape[2] == 1:
        return np.repeat(array, 3, axis=2)
    return array[..., :3].copy()
