"""Masks that somebody made before, as prompts: DAVIS and YouTube-VOS PNG, COCO JSON."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from vidmem.errors import PromptError, SourceError
from vidmem.sources.coco_masks import decode_segmentation
from vidmem.sources.images import list_images, natural_key
from vidmem.sources.limits import check_size
from vidmem.types import Prompt

VOID = 255
"""DAVIS: nobody knows. A mask of 0 and 255 alone is one object (DAVIS 2016)."""
Found = tuple[int, int, Bool[np.ndarray, "height width"]]
"""Frame index, object id, mask."""


def read_annotations(path: str | Path, *, frames: Path | None = None) -> dict[int, list[Prompt]]:
    """Every object's mask in the first frame that has one, by frame index.

    Args:
        path: a palette or grey PNG (frame 0), a folder of them, or a COCO JSON file. The number in
            a file's name is the frame's index; in COCO ``track_id`` is the object, and without it
            every annotation is an object of its own, numbered from 1.
        frames: the folder of the video's images, where its names do not count from 0: the index
            is then the position of the image of the same name.

    Raises:
        PromptError: not readable, no masks, or names without numbers.
    """
    path = Path(path)
    indices = None
    if frames is not None:
        indices = {image.stem: index for index, image in enumerate(list_images(frames))}
    try:
        found = _from_coco(path, indices) if path.suffix == ".json" else _from_masks(path, indices)
        return _first_of_each(found, path)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    except SourceError as error:
        raise PromptError(error.what, remedy=error.remedy) from None


def _first_of_each(found: Iterator[Found], path: Path) -> dict[int, list[Prompt]]:
    prompts: dict[int, list[Prompt]] = {}
    seen: set[int] = set()
    for index, object_id, mask in found:
        if object_id not in seen and mask.any():
            seen.add(object_id)
            prompts.setdefault(index, []).append(Prompt(object_id, mask=mask))
    if not prompts:
        raise PromptError(f"{path} has no masks.", remedy="Give one with at least one pixel.")
    return prompts


def _from_masks(path: Path, indices: Mapping[str, int] | None) -> Iterator[Found]:
    for file in list_images(path) if path.is_dir() else [path]:
        index = _index(file, indices) if path.is_dir() else 0
        labels = read_labels(file)
        for object_id in np.unique(labels[labels > 0]):
            yield index, int(object_id), labels == object_id


def read_labels(path: Path) -> UInt8[np.ndarray, "height width"]:
    """Object ids of a mask file, 0 where there is none or nobody knows.

    Raises:
        PromptError: no image, or one in colours.
        SourceError: too large.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            check_size(*image.size, str(path))
            mode, labels = image.mode, np.array(image)
    except SourceError:
        raise
    except Exception as error:  # Pillow's readers raise nearly every type on damaged files
        raise _refused(path, type(error).__name__) from None
    if mode == "1":
        return labels.astype(np.uint8)
    if mode not in ("P", "L"):
        raise PromptError(
            f"{path} is a picture in mode {mode}; masks hold one object id per pixel.",
            remedy="Save it as palette or 8-bit grey PNG.",
        )
    only_void = not ((labels > 0) & (labels < VOID)).any()
    return np.where(labels == VOID, np.uint8(only_void), labels)


def _from_coco(path: Path, indices: Mapping[str, int] | None) -> Iterator[Found]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        images = {image["id"]: image for image in content["images"]}
        order = sorted(images.values(), key=lambda image: natural_key(Path(image["file_name"])))
        by_image: dict[Any, list[dict[str, Any]]] = {}
        for number, annotation in enumerate(content["annotations"], 1):
            object_id = int(annotation.get("track_id", number))
            by_image.setdefault(annotation["image_id"], []).append({**annotation, "as": object_id})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(path, f"{type(error).__name__}: {error}"[:100]) from None
    single = len(order) == 1 and indices is None
    for image in order:
        index = 0 if single else _index(Path(str(image["file_name"])), indices)
        for annotation in by_image.get(image["id"], ()):
            yield index, annotation["as"], decode_segmentation(annotation, image, str(path))


def _index(file: Path, indices: Mapping[str, int] | None) -> int:
    if indices is not None and file.stem in indices:
        return indices[file.stem]
    if indices is None and file.stem.isdecimal():
        return int(file.stem)
    raise PromptError(
        f"The mask {file.name} belongs to no frame.",
        remedy="Name it by the frame's number, 00012.png, or like the frame's image.",
    )


def _refused(path: Path, reason: str) -> PromptError:
    return PromptError(
        f"{path} cannot be read as masks ({reason}).",
        remedy="Give a palette PNG, a folder of them, or a COCO JSON file.",
    )
