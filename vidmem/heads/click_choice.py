"""Which of several regions was meant: what they agree on, weighted by how likely each is."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32

from vidmem.heads.click_regions import Picture, Region

FIRST = np.array([-0.61, 0.27, 0.09, 0.24, -0.03, 0.18, 1.46, -0.07, -0.04, -0.07])
"""Gain to be expected of a region, from its cues; ``tools/fit_clicks.py`` prints both."""
LATER = np.array(
    [-1.28, -0.01, -0.13, 0.87, 0.24, 0.08, 2.0, -0.1, 0.09, 0.02, -0.17, -0.35, 0.19, 0.47]
)
"""The same for a correction."""
TEMPERATURE = 0.08
LEVELS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
RING = np.ones((9, 9), np.uint8)
NEXT = np.ones((3, 3), np.uint8)
SMALLEST = 4
LARGE = 0.5
"""Of the object: a correction is rarely larger."""

Inside = Bool[np.ndarray, "h w"]
Cues = Float[np.ndarray, "regions cues"]


def chosen(expected: Float[np.ndarray, " regions"], regions: Sequence[Region]) -> Inside:
    """The level of the regions' weighted mean with the greatest expected overlap.

    Args:
        expected: gain of each.
        regions: of one click.
    """
    weights = np.exp((expected - expected.max()) / TEMPERATURE)
    stack = np.stack([region.inside for region in regions]).astype(np.float32)
    mean = np.einsum("n,nij->ij", weights / weights.sum(), stack)

    def overlap(level: float) -> float:
        inside = mean >= level
        shared = mean[inside].sum()
        return float(shared / max(1e-6, inside.sum() + mean.sum() - shared))

    best: Inside = mean >= max(LEVELS, key=overlap)
    return best


def cues_of(
    picture: Picture, regions: Sequence[Region], place: tuple[int, int], allowed: Inside
) -> Cues:
    """What speaks for each region: boundary, middle, fill, appearance, agreement, size.

    A person clicks in the middle of what they mean, so a region that has the click at its edge is
    less likely than one that has it at its deepest point.
    """
    overlaps = _overlaps(regions)
    rows = []
    for number, region in enumerate(regions):
        larger = [
            overlaps[number, other]
            for other, another in enumerate(regions)
            if another.radius > region.radius
        ]
        mean = (overlaps[number].sum() - 1) / max(1, len(regions) - 1)
        shape = _shape(picture, region, place, allowed)
        size = float(np.log(max(1, region.inside.sum()) / allowed.size))
        rows.append([1.0, *shape, mean, max(larger, default=0.0), size, float(region.is_cut)])
    return np.array(rows)


def correction_cues(
    cues: Cues, regions: Sequence[Region], now: Inside, *, positive: bool
) -> Float[np.ndarray, "regions more_cues"]:
    """``cues`` and how large each change is, against the object ``now``."""
    areas = np.array([region.inside.sum() for region in regions])
    share = np.clip(np.log(np.maximum(areas, 1) / max(1, now.sum())), -5, 2)
    large = np.maximum(0, share - np.log(LARGE))
    sign = np.full_like(share, float(positive))
    return np.column_stack([cues, share, large, sign, sign * large])


def _overlaps(regions: Sequence[Region]) -> Float32[np.ndarray, "regions regions"]:
    flat = np.stack([region.inside.ravel() for region in regions]).astype(np.float32)
    rows = torch.from_numpy(flat)
    shared, areas = (rows @ rows.T).numpy(), flat.sum(1)
    overlaps: np.ndarray = shared / np.maximum(1, areas[:, None] + areas[None] - shared)
    return overlaps


def _shape(
    picture: Picture, region: Region, place: tuple[int, int], allowed: Inside
) -> tuple[float, float, float, float, float]:
    """Contrast of the boundary, its share at the window's, depth of the click, fill, appearance."""
    inside = region.inside
    if inside.sum() < SMALLEST:
        return 0.0, 1.0, 0.0, 0.0, 0.0
    solid = inside.astype(np.uint8)
    edge = ((cv2.dilate(solid, NEXT) - cv2.erode(solid, NEXT)) > 0) & allowed
    edge = edge if edge.any() else inside
    depth = cv2.distanceTransform(np.pad(solid, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    limit = cv2.dilate((~region.window).astype(np.uint8), NEXT) > 0
    ring = (cv2.dilate(solid, RING) > 0) & ~inside & allowed
    around = region.scores[ring].mean() if ring.any() else 0.0
    return (
        float(picture.contrast[edge].mean()),
        float((limit & edge).sum() / edge.sum()),
        float(depth[place[1], place[0]] / depth.max()),
        float(inside.sum() / max(1, region.window.sum())),
        float(region.scores[inside].mean() - around),
    )
