"""Depth of things that move: flow tells their own motion, not how far they are, but they stand."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from vidmem.types import Masks

FOOT = 0.1
"""Share of an object's height that is its foot."""
BELOW = 8
"""Rows under the foot that tell where it stands."""
FEWEST = 12
"""Pixels among them from which a slope is taken."""
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


def stand(inverse: Map, places: Sequence[Place]) -> Map:
    """Every object as far as the ground under its foot, and never behind what is behind it.

    What is behind may be another object: one whose rim lies on others for the most part is before
    them.

    Args:
        inverse: filled from what stands still, so that it goes on behind the objects.
        places: of the objects, at the same size.
    """
    result = inverse.copy()
    objects = np.zeros(inverse.shape, bool)
    for place in places:
        objects |= place
    for place in places:
        behind = float(np.median(inverse[place]))
        ground = _under_foot(inverse, place, objects)
        result[place] = behind if ground is None else max(ground, behind)
    alone = result.copy()
    for place in places:
        rim = (cv2.dilate(place.astype(np.uint8), RIM) > 0) & ~place
        before = rim & objects
        if before.sum() > 0.5 * rim.sum():  # a ball before a body is no farther than the body
            result[place] = np.maximum(alone[place], np.median(alone[before]))
    return result


def _under_foot(inverse: Map, place: Place, others: Place) -> float | None:
    """Inverse depth of the ground where the object touches it; None where none of it is seen.

    The inverse depth of a plane is linear in the row, so what is seen below leads up to the foot.
    """
    height = len(place)
    rows = np.flatnonzero(place.any(1))
    lowest = height - 1 - np.argmax(place[::-1], 0)
    high = rows[-1] - FOOT * (rows[-1] - rows[0])
    columns = np.flatnonzero(place.any(0) & (lowest >= high))
    samples = [
        (row - lowest[column], inverse[row, column])
        for column in columns
        for row in range(lowest[column] + 2, min(height, lowest[column] + 2 + BELOW))
        if not others[row, column]
    ]
    if not samples:
        return None
    down, seen = np.array(samples, np.float64).T
    middle = float(np.median(seen))
    if len(samples) < FEWEST or np.ptp(down) == 0:
        return middle
    slope = max(0.0, float(np.polyfit(down, seen, 1)[0]))
    return max(0.5 * middle, middle - slope * float(np.median(down)))
