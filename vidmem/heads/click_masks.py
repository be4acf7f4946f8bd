"""Masks from clicks, one after another: each adds what was missed or takes away what was wrong."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from vidmem.heads.click_choice import (
    FIRST,
    LATER,
    chosen,
    correction_cues,
    cues_of,
)
from vidmem.heads.click_regions import Picture, Region, regions_of

WINDOWS: tuple[float, ...] = (0.05, 0.09, 0.16, 0.27)
CUTS: tuple[float, ...] = (0.05, 0.10, 0.18)
"""Sizes an object may have, of the image's diagonal."""
CHANGED_WINDOWS: tuple[float, ...] = (0.2, 0.35, 0.6, 1.0, 1.7)
CHANGED_CUTS: tuple[float, ...] = (0.25, 0.5, 1.0)
"""Sizes a correction may have, of the object's radius."""
SMALLEST_RADIUS = 1.5

Inside = Bool[np.ndarray, "h w"]
Dot = tuple[int, int, int]
"""Column, row, 1 for the object or 0 for the rest."""


def mask_of_clicks(picture: Picture, dots: Sequence[Dot], start: Inside) -> Inside:
    """The object after all clicks.

    Args:
        picture: the picture.
        dots: in the order they came, inside the picture.
        start: the object before the first; empty where nothing is known.
    """
    now = start
    for number in range(len(dots)):
        now = after_click(picture, dots[: number + 1], now)
    return now


def after_click(picture: Picture, dots: Sequence[Dot], now: Inside) -> Inside:
    """The object after the last click; the others are respected.

    Args:
        picture: the picture.
        dots: in the order they came, inside the picture.
        now: the object after those before.
    """
    x, y, label = dots[-1]
    allowed = changeable(now, dots)
    if not allowed[y, x]:
        return now
    cues, regions = meanings(picture, (x, y), allowed, now, positive=bool(label))
    change = chosen(cues @ (LATER if now.any() else FIRST), regions)
    change[y, x] = True
    after: Inside = now | change if label else now & ~change
    return after


def changeable(now: Inside, dots: Sequence[Dot]) -> Inside:
    """A click for the object changes what is not the object, but not where a person said no."""
    x, y, label = dots[-1]
    allowed = ~now if label else now.copy()
    meant = allowed[y, x]
    for column, row, other in dots[:-1]:
        if other != label:
            allowed[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = False
    allowed[y, x] = meant
    return allowed


def meanings(
    picture: Picture, place: tuple[int, int], allowed: Inside, now: Inside, *, positive: bool
) -> tuple[np.ndarray, list[Region]]:
    """What a click may mean, and what speaks for each: cues for ``FIRST``, or else ``LATER``.

    Args:
        picture: the picture.
        place: column and row of the click.
        allowed: pixels that the click may change.
        now: the object before it.
        positive: whether it shows the object.
    """
    size = float(np.hypot(*picture.size))
    windows, cuts = WINDOWS, CUTS
    if now.any():
        size = max(SMALLEST_RADIUS, float(np.sqrt(now.sum() / np.pi)))
        windows, cuts = CHANGED_WINDOWS, CHANGED_CUTS
    regions = regions_of(
        picture,
        place,
        allowed,
        window_radii=[share * size for share in windows],
        cut_radii=[share * size for share in cuts],
    )
    cues = cues_of(picture, regions, place, allowed)
    if now.any():
        cues = correction_cues(cues, regions, now, positive=positive)
    return cues, regions
