"""Wrong in the ways that networks are wrong: masks made from the true one."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

Mask = Bool[np.ndarray, "rows columns"]
Random = np.random.Generator
WAVE = 0.12
"""Length of an outline's waves, as a share of the object's size."""


def rough(mask: Mask, random: Random, *, strength: float) -> Mask:
    """The outline wanders by about ``strength`` times the object's size."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask.astype(np.uint8), cv2.DIST_L2, 5)
    size = float(np.sqrt(mask.sum()))
    waves = _noise(mask.shape, random, length=max(1.0, WAVE * size))
    found: Mask = (inside - outside) > strength * size * waves
    return found


def part(mask: Mask, random: Random) -> Mask:
    """One side of a cut through it."""
    rows, columns = np.nonzero(mask)
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    keep = along < np.quantile(along, random.uniform(0.25, 0.6))
    found = np.zeros_like(mask)
    found[rows[keep], columns[keep]] = True
    return found


def leaked(mask: Mask, random: Random) -> Mask:
    """With a piece of what is beside it."""
    size = float(np.sqrt(mask.sum()))
    row, column = _on_outline(mask, random)
    radii = (int(size * random.uniform(0.35, 0.6)), int(size * random.uniform(0.35, 0.6)))
    blob = np.zeros(mask.shape, np.uint8)
    cv2.ellipse(blob, (column, row), radii, random.uniform(0, 180), 0, 360, 1, -1)
    found: Mask = mask | (blob > 0)
    return found


def eaten(mask: Mask, random: Random) -> Mask:
    """Without a piece at its outline."""
    size = float(np.sqrt(mask.sum()))
    row, column = _on_outline(mask, random)
    blob = np.zeros(mask.shape, np.uint8)
    cv2.circle(blob, (column, row), int(size * random.uniform(0.4, 0.6)), 1, -1)
    found: Mask = mask & (blob == 0)
    return found


def moved(mask: Mask, random: Random) -> Mask:
    """Beside where it is."""
    size = float(np.sqrt(mask.sum()))
    angle = random.uniform(0, 2 * np.pi)
    shift = size * random.uniform(0.25, 0.6)
    move = np.array([[1, 0, shift * np.cos(angle)], [0, 1, shift * np.sin(angle)]], np.float32)
    found: Mask = cv2.warpAffine(mask.astype(np.uint8), move, mask.shape[::-1]) > 0
    return found


def another(mask: Mask, others: Sequence[Mask], random: Random) -> Mask:
    """Something else that is there, alone or together with it; without others, a leak."""
    if not others:
        return leaked(mask, random)
    other = others[int(random.integers(len(others)))]
    return other | mask if random.random() < 0.5 else other.copy()


def others_of(labels: UInt8[np.ndarray, "rows columns"], object_id: int) -> list[Mask]:
    """The other objects of a frame."""
    return [labels == i for i in np.unique(labels) if i not in (0, object_id)]


def _on_outline(mask: Mask, random: Random) -> tuple[int, int]:
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(grown & ~mask)
    at = int(random.integers(len(rows)))
    return int(rows[at]), int(columns[at])


def _noise(
    shape: tuple[int, ...], random: Random, *, length: float
) -> Float32[np.ndarray, "rows columns"]:
    """Smooth, of unit deviation."""
    plane = cv2.GaussianBlur(random.normal(size=shape).astype(np.float32), (0, 0), length)
    unit: np.ndarray = plane / max(1e-6, float(plane.std()))
    return unit
