"""First masks from boxes, points and masks, in closed form: GrabCut (Rother et al., 2004)."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidmem.heads.box_masks import unlike_surroundings
from vidmem.statistics import guided
from vidmem.types import Prompt

CUT_PIXELS = 26_000
"""Size of the image that is cut; edges are found again at working size."""
ITERATIONS = 3
CLICK_SHARE = 0.008
"""Radius of what a click is sure about, of the image's diagonal."""
RADII = (0.06, 0.12, 0.22)
"""Sizes an object may have around a single click, of the image's diagonal; the best is kept."""
REACH = 1.8
"""Where it ends for certain, in such radii."""
LIKELY_SHARE = 0.65
SURROUNDINGS = 0.35
"""How much of a box's size around it is looked at."""
EDGE_RADIUS = 3
EDGE_EPSILON = 1e-3

Image = UInt8[np.ndarray, "h w 3"]
Marks = UInt8[np.ndarray, "h w"]
Inside = Bool[np.ndarray, "h w"]
Dot = tuple[int, int, int]


def mask_of_prompt(
    prompt: Prompt,
    image: UInt8[np.ndarray, "h w 3"],
    size: tuple[int, int],
    current: Float32[np.ndarray, "h w"] | None,
) -> Float32[np.ndarray, "h w"]:
    """Probability of the object at working size.

    Args:
        prompt: in frame pixels.
        image: at working size.
        size: the frame's height and width.
        current: the object's probability now, where it exists; points correct it.
    """
    height, width = image.shape[:2]
    if prompt.mask is not None:
        known = prompt.mask.astype(np.float32)
        return cv2.resize(known, (width, height), interpolation=cv2.INTER_AREA)
    scale = min(1.0, (CUT_PIXELS / (height * width)) ** 0.5)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    x_scale, y_scale = shape[0] / size[1], shape[1] / size[0]
    dots = [(int(x * x_scale), int(y * y_scale), int(label)) for x, y, label in prompt.points]
    inside: np.ndarray
    if prompt.box is not None:
        left, top, right, bottom = prompt.box
        box = (left * x_scale, top * y_scale, right * x_scale, bottom * y_scale)
        inside = _in_box(small, box, dots)
    elif current is not None:
        inside = _corrected(small, cv2.resize(current, shape) > 0.5, dots)
    else:
        inside = _around(small, dots)
    return _sharpened(image, inside)


def claim_of(
    prompt: Prompt, inside: Float32[np.ndarray, "h w"], size: tuple[int, int]
) -> Bool[np.ndarray, "h w"] | None:
    """Where a prompt says the whole object is: its mask or box; points alone do not say.

    Args:
        prompt: in frame pixels.
        inside: its mask, at working size.
        size: the frame's height and width.
    """
    if prompt.box is None:
        return inside > 0.5 if prompt.mask is not None else None
    height, width = inside.shape
    x, y = width / size[1], height / size[0]
    claim = np.zeros((height, width), bool)
    left, top, right, bottom = prompt.box
    claim[int(top * y) : round(bottom * y) + 1, int(left * x) : round(right * x) + 1] = True
    return claim


def _in_box(
    small: Image, box: tuple[float, float, float, float], dots: Sequence[Dot]
) -> Float32[np.ndarray, "h w"]:
    """A weighted mean of two: unlike the surroundings, and the cut that starts from there."""
    likely = unlike_surroundings(small, box)
    left, top = (int(value) for value in box[:2])
    right, bottom = max(left + 1, round(box[2])), max(top + 1, round(box[3]))
    marks = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    marks[top:bottom, left:right] = cv2.GC_PR_BGD
    marks[(marks == cv2.GC_PR_BGD) & (likely > 0.5)] = cv2.GC_PR_FGD
    across, down = SURROUNDINGS * (right - left) + 4, SURROUNDINGS * (bottom - top) + 4
    rows = slice(max(0, int(top - down)), int(bottom + down))
    columns = slice(max(0, int(left - across)), int(right + across))
    cut = np.zeros(small.shape[:2], np.float32)
    _mark(marks, dots)
    cut[rows, columns] = _cut(small[rows, columns], marks[rows, columns])
    mean = LIKELY_SHARE * likely + (1 - LIKELY_SHARE) * cut
    mean[marks == cv2.GC_FGD] = 1
    if not (mean > 0.5).any():
        mean[top:bottom, left:right] = 1
    mean[marks == cv2.GC_BGD] = 0
    return mean


def _corrected(small: Image, now: Inside, dots: Sequence[Dot]) -> Inside:
    marks = np.where(now, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    _mark(marks, dots)
    return _cut(small, marks)


def _around(small: Image, dots: Sequence[Dot]) -> Inside:
    """Try several sizes around the clicks; keep the region with the clearest boundary."""
    diagonal = float(np.hypot(*small.shape[:2]))
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    sure = [(x, y) for x, y, label in dots if label]
    best: Inside = np.zeros(small.shape[:2], bool)
    best_score = -np.inf
    for share in RADII:
        marks = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
        for reach, kind in ((REACH, cv2.GC_PR_BGD), (1.0, cv2.GC_PR_FGD)):
            for place in sure:
                cv2.circle(marks, place, max(1, round(reach * share * diagonal)), int(kind), -1)
        limit = marks == cv2.GC_BGD
        _mark(marks, dots)
        inside = _touching(_cut(small, marks), sure)
        score = _clearness(lab, inside, limit)
        if score > best_score:
            best, best_score = inside, score
    return best


def _clearness(lab: Float32[np.ndarray, "h w 3"], inside: Inside, limit: Inside) -> float:
    """Difference of colour across the boundary; where it only met the limit there is none."""
    kernel = np.ones((3, 3), np.uint8)
    solid = inside.astype(np.uint8)
    edge = (cv2.dilate(solid, kernel) - cv2.erode(solid, kernel)) > 0
    if not edge.any():
        return -1.0
    contrast = np.linalg.norm(cv2.dilate(lab, kernel) - cv2.erode(lab, kernel), axis=-1)
    contrast[cv2.dilate(limit.astype(np.uint8), kernel) > 0] = 0
    return float(np.minimum(contrast, 40)[edge].mean())


def _touching(inside: Inside, sure: Sequence[tuple[int, int]]) -> Inside:
    """Only the regions that were clicked on."""
    _, labels = cv2.connectedComponents(inside.astype(np.uint8))
    chosen: Inside = np.isin(labels, [labels[y, x] for x, y in sure]) & inside
    return chosen


def _mark(marks: Marks, dots: Sequence[Dot]) -> None:
    radius = max(1, round(CLICK_SHARE * float(np.hypot(*marks.shape))))
    for x, y, label in dots:
        cv2.circle(marks, (x, y), radius, int(cv2.GC_FGD if label else cv2.GC_BGD), -1)


def _cut(image: Image, marks: Marks) -> Inside:
    start: Inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if start.all() or not start.any() or min(start.sum(), (~start).sum()) < 8:
        return start
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    marks = np.ascontiguousarray(marks)
    image = np.ascontiguousarray(image)
    cv2.grabCut(image, marks, (0, 0, 1, 1), *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    inside: Inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return inside if inside.any() else start


def _sharpened(image: Image, inside: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """At working size, along the edges of the picture."""
    coarse = cv2.resize(inside.astype(np.float32), (image.shape[1], image.shape[0]))
    guide = image.astype(np.float32) / 255
    slope, offset = guided(guide, coarse, radius=EDGE_RADIUS, epsilon=EDGE_EPSILON)
    sharp = np.clip((slope * guide).sum(-1) + offset, 0, 1).astype(np.float32)
    return sharp if (sharp > 0.5).any() else coarse
