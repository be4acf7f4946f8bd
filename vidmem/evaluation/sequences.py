"""Reads labelled videos: the official DAVIS layout, or ``<sequence>/images`` and ``masks``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vidmem.errors import SourceError
from vidmem.types import Frame

RATE = 24.0


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """Images and masks of one sequence, in order."""

    name: str
    images: tuple[Path, ...]
    masks: tuple[Path, ...]

    def frames(self) -> Iterator[Frame]:
        """Read one by one."""
        for index, path in enumerate(self.images):
            yield Frame(read_image(path), index, index / RATE)

    def labels(self, index: int) -> UInt8[np.ndarray, "height width"]:
        """Object ids; one object of 255 becomes object 1 where there is no other."""
        values = np.asarray(Image.open(self.masks[index]))
        values = values if values.ndim == 2 else values[..., 0]
        if set(np.unique(values)) <= {0, 255}:
            values = values // 255
        return values.astype(np.uint8)


def read_image(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """RGB.

    Raises:
        SourceError: no image.
    """
    image = cv2.imread(str(path))
    if image is None:
        raise SourceError(f"{path} cannot be read as an image.", remedy="Check the data.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def find_videos(root: Path, names: Sequence[str] | None = None) -> list[LabelledVideo]:
    """All sequences under ``root``, or those named.

    Raises:
        SourceError: there are none, or a named one is missing.
    """
    if (root / "JPEGImages").is_dir():
        found = _official(root)
    else:
        found = {p.parent.name: (p, p.parent / "masks") for p in sorted(root.glob("*/images"))}
    missing = sorted(set(names or ()) - set(found))
    if missing or not found:
        raise SourceError(
            f"{root} has no sequence {', '.join(missing) or 'at all'}.",
            remedy="Give a DAVIS tree, or a folder of <sequence>/images and <sequence>/masks.",
        )
    return [_video(name, *found[name]) for name in names or found]


def _official(root: Path) -> dict[str, tuple[Path, Path]]:
    images = _resolution(root / "JPEGImages")
    masks = _resolution(root / "Annotations")
    return {p.name: (p, masks / p.name) for p in sorted(images.iterdir()) if p.is_dir()}


def _resolution(folder: Path) -> Path:
    """DAVIS keeps a folder per resolution between."""
    return next((folder / n for n in ("480p", "Full-Resolution") if (folder / n).is_dir()), folder)


def _video(name: str, images: Path, masks: Path) -> LabelledVideo:
    pictures = sorted(p for p in images.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    labels = sorted(masks.glob("*.png"))
    if not pictures or len(pictures) != len(labels):
        raise SourceError(
            f"{name} has {len(pictures)} images and {len(labels)} masks.",
            remedy="Each image needs a mask of the same name.",
        )
    return LabelledVideo(name, tuple(pictures), tuple(labels))
