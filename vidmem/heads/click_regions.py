"""What a click may mean: regions around it, at several sizes and shapes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8

from vidmem.heads.contrast import LAB_SCALE, Look, looks_of, unlike_surroundings

SHAPES = (0.5, 1.0, 2.0)
"""Width of a window by its height."""
REACH = 1.8
"""Where a cut region ends for certain, in the radii it starts from."""
SURROUNDINGS = 1.6
"""How far around it is looked at, in where it ends."""
ITERATIONS = 2
"""Of a graph cut around a click: a third one takes a sixth of its time for next to nothing."""
LARGEST_CONTRAST = 40.0
SMALLEST = 8

Inside = Bool[np.ndarray, "h w"]
Plane = Float32[np.ndarray, "h w"]
Image = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What every region of one picture is made from."""

    image: Image
    lab: Float32[np.ndarray, "h w 3"]
    looks: Look
    contrast: Plane
    """Difference of colour among neighbours, 0 to 1."""

    @classmethod
    def of(cls, image: Image) -> "Picture":
        """See it once."""
        lab, looks = looks_of(image)
        kernel = np.ones((3, 3), np.uint8)
        step = LAB_SCALE * (cv2.dilate(lab, kernel) - cv2.erode(lab, kernel))
        contrast = np.minimum(np.linalg.norm(step, axis=-1), LARGEST_CONTRAST) / LARGEST_CONTRAST
        return cls(image, lab, looks, contrast.astype(np.float32))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One thing that a click may mean."""

    inside: Inside
    window: Inside
    """Where it was allowed to be."""
    scores: Plane
    """Of the appearance: 1 like the region, -1 like its surroundings."""
    radius: float
    is_cut: bool


def regions_of(
    picture: Picture,
    place: tuple[int, int],
    allowed: Inside,
    *,
    window_radii: Sequence[float],
    cut_radii: Sequence[float],
) -> list[Region]:
    """Connected regions with the click in them.

    Args:
        picture: the picture.
        place: column and row of the click.
        allowed: pixels they may hold.
        window_radii: in pixels, of windows where they differ from their surroundings.
        cut_radii: in pixels, of discs from which a graph cut starts (GrabCut, Rother et al. 2004).
    """
    x, y = place
    seed = np.zeros(picture.size, bool)
    seed[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = True
    seed &= allowed
    windows = [(radius, shape) for radius in window_radii for shape in SHAPES]
    # A person waits for these: as many at once as torch may use threads.
    with ThreadPoolExecutor(torch.get_num_threads(), thread_name_prefix="vidmem-click") as pool:
        found = pool.map(
            lambda window: _contrasting(picture, place, allowed, seed, *window), windows
        )
        cuts = [_cut_out(picture, place, allowed, seed, radius) for radius in cut_radii]
        return [*found, *cuts]


def _contrasting(
    picture: Picture,
    place: tuple[int, int],
    allowed: Inside,
    seed: Inside,
    radius: float,
    shape: float,
) -> Region:
    x, y = place
    across, down = radius * shape**0.5, radius / shape**0.5
    box = (x - across, y - down, x + across, y + down)
    total, scores = unlike_surroundings(picture.lab, picture.looks, box, allowed=allowed, seed=seed)
    window = np.zeros(picture.size, bool)
    left, top, right, bottom = (max(0, round(side)) for side in box)
    window[top : bottom + 1, left : right + 1] = True
    return Region(_touching(total > 0, place), window, scores, radius, False)


def _cut_out(
    picture: Picture, place: tuple[int, int], allowed: Inside, seed: Inside, radius: float
) -> Region:
    marks = np.zeros(picture.size, np.uint8)
    cv2.circle(marks, place, max(1, round(REACH * radius)), int(cv2.GC_PR_BGD), -1)
    window = marks > 0
    cv2.circle(marks, place, max(1, round(radius)), int(cv2.GC_PR_FGD), -1)
    marks[~allowed] = cv2.GC_BGD
    marks[seed] = cv2.GC_FGD
    far = round(SURROUNDINGS * REACH * radius)
    part = np.s_[max(0, place[1] - far) : place[1] + far, max(0, place[0] - far) : place[0] + far]
    inside = np.zeros(picture.size, bool)
    inside[part] = cut(picture.image[part], marks[part])
    inside = _touching(inside & allowed, place)
    scores = np.where(inside, np.float32(0.5), np.float32(-0.5))
    return Region(inside, window, scores, REACH * radius, True)


def _touching(inside: Inside, place: tuple[int, int]) -> Inside:
    _, labels = cv2.connectedComponents(inside.astype(np.uint8))
    chosen: Inside = (labels == labels[place[1], place[0]]) & inside
    return chosen


def cut(image: Image, marks: UInt8[np.ndarray, "h w"], *, iterations: int = ITERATIONS) -> Inside:
    """GrabCut from ``marks``; what was likely before, where there is nothing to cut."""
    start: Inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if min(start.sum(), (~start).sum()) < SMALLEST:
        return start
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    marks = np.ascontiguousarray(marks)
    image = np.ascontiguousarray(image)
    cv2.grabCut(image, marks, (0, 0, 1, 1), *models, iterations, cv2.GC_INIT_WITH_MASK)
    inside: Inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return inside if inside.any() else start
