"""Labelled videos: pictures, the masks that there are, and which objects are judged where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vidmem.errors import SourceError
from vidmem.evaluation.masks import VOID
from vidmem.sources.images import list_images, read_image
from vidmem.types import Frame

RATE = 24.0


@dataclass(frozen=True, slots=True)
class Track:
    """One object of a video."""

    object_id: int
    first: int
    """Position of the picture in which its mask is given."""
    counted: tuple[int, ...]
    """Positions of the pictures in which it is judged."""
    group: str = ""
    """``seen`` or ``unseen`` in training, where the data set tells them apart."""


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """Pictures of one sequence in order, and the masks that there are."""

    name: str
    images: tuple[Path, ...]
    masks: Mapping[int, Path]
    """By the position of their picture."""
    tracks: tuple[Track, ...] | None = None
    """As a meta file tells them; None where only the masks do."""
    wanted: tuple[int, ...] | None = None
    """Positions whose answers go into a submission; None for all."""
    merged: bool = False
    """All objects are one (DAVIS 2016)."""

    def frames(self) -> Iterator[Frame]:
        """Read one by one."""
        for index, path in enumerate(self.images):
            yield Frame(read_image(path), index, index / RATE)

    def labels(self, index: int) -> UInt8[np.ndarray, "height width"]:
        """Object ids of one picture; 255, nobody knows, is object 1 in videos that begin with it.

        Raises:
            SourceError: there is no mask, or it cannot be read.
        """
        if index not in self.masks:
            raise SourceError(
                f"{self.name} has no mask for {self.images[index].name}.",
                remedy="Check that the data is complete.",
            )
        values = _read_values(self.masks[index])
        if self.merged:
            return (values > 0).astype(np.uint8)
        if _is_black_and_white(self.masks[min(self.masks)]) and set(np.unique(values)) <= {0, VOID}:
            values = values // VOID
        return values.astype(np.uint8)


def find_videos(root: Path, names: Sequence[str] | None = None) -> list[LabelledVideo]:
    """All sequences under ``root``, or those named; each picture has a mask of its name.

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
    videos = [open_video(name, *found[name]) for name in names or found]
    for video in videos:
        if len(video.masks) != len(video.images):
            raise SourceError(
                f"{video.name} has {len(video.images)} images and {len(video.masks)} masks.",
                remedy="Each image needs a mask of the same name.",
            )
    return videos


def open_video(name: str, images: Path, masks: Path) -> LabelledVideo:
    """The pictures of a folder, with the masks that have their names.

    Raises:
        SourceError: a folder is missing or empty, or a mask belongs to no picture.
    """
    for folder in (images, masks):
        if not folder.is_dir():
            raise SourceError(f"{name} has no folder {folder}.", remedy="Check the data.")
    pictures = list_images(images)
    positions = {path.stem: index for index, path in enumerate(pictures)}
    labels = sorted(masks.glob("*.png"))
    strangers = [path.name for path in labels if path.stem not in positions]
    if strangers or not labels:
        what = f"the mask {strangers[0]} of no image" if strangers else "no masks"
        raise SourceError(
            f"{name} has {what} in {masks}.", remedy="A mask has the name of its image."
        )
    return LabelledVideo(name, tuple(pictures), {positions[path.stem]: path for path in labels})


def find_tracks(
    video: LabelledVideo, *, late: bool = False, last: bool = False
) -> tuple[Track, ...]:
    """The objects as the masks tell them.

    An object counts in every labelled picture after the one in which it is given.

    Args:
        video: it has one mask or more.
        late: objects may appear later; each is given where it is first labelled. Otherwise only
            those of the first mask are followed.
        last: the last labelled picture counts, too; in DAVIS it does not.
    """
    labelled = sorted(video.masks)
    given: dict[int, int] = {}
    for index in labelled if late else labelled[:1]:
        for object_id in np.unique(video.labels(index)):
            if object_id not in (0, VOID):
                given.setdefault(int(object_id), index)
    counted = labelled if last else labelled[:-1]
    return tuple(
        Track(object_id, first, tuple(index for index in counted if index > first))
        for object_id, first in sorted(given.items())
    )


def _official(root: Path) -> dict[str, tuple[Path, Path]]:
    images = _resolution(root / "JPEGImages")
    masks = _resolution(root / "Annotations")
    return {p.name: (p, masks / p.name) for p in sorted(images.iterdir()) if p.is_dir()}


def _resolution(folder: Path) -> Path:
    """DAVIS keeps a folder per resolution between."""
    return next((folder / n for n in ("480p", "Full-Resolution") if (folder / n).is_dir()), folder)


@cache
def _is_black_and_white(path: Path) -> bool:
    values = set(np.unique(_read_values(path)))
    return VOID in values and values <= {0, VOID}


def _read_values(path: Path) -> UInt8[np.ndarray, "height width"]:
    try:
        with Image.open(path) as image:
            values = np.array(image)
    except Exception as error:  # Pillow's readers raise nearly every type on damaged files
        raise SourceError(
            f"{path} cannot be read as a mask ({type(error).__name__}).",
            remedy="The file is damaged or no image; get it again.",
        ) from None
    values = values if values.ndim == 2 else values[..., 0]  # some of DAVIS 2016 are in colours
    return values.astype(np.uint8)
