"""Depth of things that move: flow tells their own motion, not how far they are, but they stand."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from vidmem.types import Masks

FOOT = 0.1
"""Share of an object's height that is its foot."""
BELOW = 10
"""Rows under the foot that tell where it stands."""
APART = 4
"""Rows between the pixels that tell how the ground slopes."""
FEWEST = 12
"""Measured pixels below that are enough."""
FARTHER = 40
"""Percentile of what is seen below: what stands beside the foot blurs into the ground, and can only
make it nearer."""
BEHIND = 20
"""Percentile of what is filled in at the place of an object that counts as behind it: what stands
before or beside it spreads there too."""
DOUBT = 0.25
"""Relative standard deviation of what this says."""

RIM = np.ones((5, 5), np.uint8)

Map = Float32[np.ndarray, "h w"]
Place = Bool[np.ndarray, "h w"]


def places_of(masks: Masks, size: tuple[int, int]) -> list[Place]:
    """Where each visible object is, at ``size``."""
    found = []
    for row in masks.logits:
        inside = (row > 0).cpu().numpy().astype(np.uint8)
        place = cv2.resize(inside, size[::-1], interpolation=cv2.INTER_NEAREST) > 0
        if place.any():
            found.append(place)
    return found


def stand(inverse: Map, places: Sequence[Place], *, measured: Map) -> Map:
    """Every object as far as the ground under its foot, and hardly behind what is behind it.

    Where no ground is seen, it is as far as what goes on behind it.
    What is behind may be another object: one whose rim lies on others for the most part is before
    them.

    Args:
        inverse: filled from what stands still, so that it goes on behind the objects.
        places: of the objects, at the same size.
        measured: inverse depth where geometry is sure of it, 0 elsewhere.
    """
    result = inverse.copy()
    objects = np.zeros(inverse.shape, bool)
    for place in places:
        objects |= place
    for place in places:
        ground = _under_foot(inverse, measured, place, objects)
        if ground is None:
            result[place] = np.median(inverse[place])
        else:
            result[place] = max(ground, float(np.percentile(inverse[place], BEHIND)))
    alone = result.copy()
    for place in places:
        rim = (cv2.dilate(place.astype(np.uint8), RIM) > 0) & ~place
        before = rim & objects
        if before.sum() > 0.5 * rim.sum():  # a ball before a body is no farther than the body
            result[place] = np.maximum(alone[place], np.median(alone[before]))
    return result


def _under_foot(inverse: Map, measured: Map, place: Place, objects: Place) -> float | None:
    """Inverse depth of the ground where the object touches it; None where none of it is seen.

    The inverse depth of a plane is linear in the row, so what is seen below leads up to the lower
    edge of the foot. What is only filled in there is level, and as near as what lies farther down:
    it counts only where too little is measured.
    """
    rows = np.flatnonzero(place.any(1))
    lowest = len(place) - 1 - np.argmax(place[::-1], 0)
    high = rows[-1] - FOOT * (rows[-1] - rows[0])
    columns = np.flatnonzero(place.any(0) & (lowest >= high))
    row = lowest[columns] + np.arange(1, BELOW + 1)[:, None]
    at = np.minimum(row, len(place) - 1), np.broadcast_to(columns, row.shape)
    seen = (row < len(place)) & ~objects[at]
    sure = seen & (measured[at] > 0)
    values = np.where(sure, measured[at], inverse[at])
    seen = sure if sure.sum() >= FEWEST else seen
    if not seen.any():
        return None
    steps = (values[APART:] - values[:-APART])[seen[APART:] & seen[:-APART]]
    slope = max(0.0, float(np.median(steps)) / APART) if len(steps) else 0.0
    edge = lowest[columns] + 0.5
    ground = float(np.percentile((values - slope * (row - edge))[seen], FARTHER))
    return max(0.5 * float(np.median(values[seen])), ground)
