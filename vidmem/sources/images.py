"""Frames from image files, in natural order: frame2 comes before frame10."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources.limits import check_size
from vidmem.sources.pictures import Picture, PictureSource, Selection

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts numbers in a name by value."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts]


def image_source(
    paths: Sequence[Path], selection: Selection, *, name: str, frames_per_second: float
) -> PictureSource:
    """A source over image files.

    Raises:
        SourceError: there is none, or the first is no image.
    """
    if not paths:
        raise SourceError(
            f"The folder {name} has no images ({', '.join(sorted(SUFFIXES))}).",
            remedy="Give the folder that holds the frames.",
        )
    read_image(paths[0])

    def pictures(start: float) -> Iterator[Picture]:
        for index, path in enumerate(paths):
            read = partial(read_image if index == 0 else _read_later, path)
            yield Picture(read, index / frames_per_second)

    return PictureSource(
        pictures,
        selection,
        name=name,
        frames_per_second=frames_per_second,
        frame_count=len(paths),
    )


def list_images(folder: Path) -> list[Path]:
    """The folder's images in natural order; hidden files are left out."""
    return sorted(
        (
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        ),
        key=natural_key,
    )


def read_image(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """One image, upright, as RGB; its header is checked before it is decoded.

    16-bit pictures keep their high byte; alpha is dropped.

    Raises:
        SourceError: no image, damaged, or too large.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            check_size(*image.size, str(path))
            if image.mode.startswith("I;16"):
                high = (np.asarray(image) >> 8).astype(np.uint8)
                return np.repeat(high[..., None], 3, axis=2)
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except SourceError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise SourceError(
            f"{path} is too large a picture.", remedy="Scale it down first."
        ) from None
    except Exception as error:  # Pillow's readers raise nearly every type on damaged files
        raise SourceError(
            f"{path} cannot be read as an image ({type(error).__name__}).",
            remedy="The file is damaged or no image; make it again or take it out.",
        ) from None


def _read_later(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    try:
        return read_image(path)
    except SourceError as error:
        raise TruncatedError(error.what, remedy=error.remedy) from None
