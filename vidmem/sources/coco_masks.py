"""COCO segmentations: polygons and run lengths, checked before the C code sees them."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool

from vidmem.errors import PromptError
from vidmem.sources.limits import check_size

FEWEST_NUMBERS = 6
"""Of a polygon: three points."""


def decode_segmentation(
    annotation: Mapping[str, Any], image: Mapping[str, Any], name: str
) -> Bool[np.ndarray, "height width"]:
    """The mask of one annotation.

    Raises:
        PromptError: damaged.
        SourceError: the image is said to be too large.
    """
    from pycocotools import mask as coco

    try:
        height, width = int(image["height"]), int(image["width"])
        check_size(width, height, name)
        encoded = _encoded(annotation["segmentation"], height, width)
        decoded = _decode(encoded)
        if coco.encode(decoded)["counts"] != encoded["counts"]:
            raise ValueError("counts")  # too short: the rest would be whatever the memory held
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise PromptError(
            f"An annotation of {name} is damaged ({type(error).__name__}).",
            remedy="Check that pycocotools loads the file.",
        ) from None
    return np.asarray(decoded, bool)


def _decode(encoded: Any) -> np.ndarray:
    from pycocotools import mask as coco

    with warnings.catch_warnings():
        # pycocotools 2.0.11 has no copy keyword in its __array__.
        warnings.simplefilter("ignore", DeprecationWarning)
        decoded: np.ndarray = coco.decode(encoded)
    return decoded


def _encoded(segmentation: Any, height: int, width: int) -> Any:
    from pycocotools import mask as coco

    if isinstance(segmentation, list):
        polygons = [[float(value) for value in ring] for ring in segmentation]
        if not polygons or any(not _is_polygon(ring, height, width) for ring in polygons):
            raise ValueError("polygon")
        return coco.merge(coco.frPyObjects(polygons, height, width))
    if list(segmentation["size"]) != [height, width]:
        raise ValueError("size")
    counts = segmentation["counts"]
    if isinstance(counts, str):
        return {"size": [height, width], "counts": counts.encode("ascii")}
    runs = [int(run) for run in counts]
    if min(runs, default=-1) < 0 or sum(runs) != height * width:
        raise ValueError("counts")
    return coco.frPyObjects({"size": [height, width], "counts": runs}, height, width)


def _is_polygon(ring: list[float], height: int, width: int) -> bool:
    largest = 2 * max(height, width)
    inside = all(np.isfinite(value) and abs(value) <= largest for value in ring)
    return inside and len(ring) >= FEWEST_NUMBERS and len(ring) % 2 == 0
