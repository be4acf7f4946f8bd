"""Masks from boxes: a weighted mean of what is unlike the surroundings and a graph cut."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from vidmem.heads.click_regions import Picture, cut
from vidmem.heads.contrast import Window, unlike_surroundings

ITERATIONS = 3
LIKELY_SHARE = 0.65
SURROUNDINGS = 0.35
"""How much of a box's size around it the cut looks at."""
MARGIN = 4


def mask_of_box(picture: Picture, box: Window) -> Bool[np.ndarray, "h w"]:
    """The object in its box; all of the box where nothing stands out.

    Args:
        picture: the picture.
        box: left, top, right, bottom in its pixels.
    """
    height, width = picture.size
    left, top = (max(0, int(value)) for value in box[:2])
    right, bottom = max(left + 1, round(box[2])), max(top + 1, round(box[3]))
    mean = _mean(picture, box, (left, top, right, bottom))
    within = np.zeros((height, width), bool)
    within[top:bottom, left:right] = True
    inside: Bool[np.ndarray, "h w"] = (mean > 0.5) & within
    return inside if inside.any() else within


def _mean(
    picture: Picture, box: Window, sides: tuple[int, int, int, int]
) -> Float32[np.ndarray, "h w"]:
    left, top, right, bottom = sides
    likely = np.clip(0.5 * unlike_surroundings(picture.lab, picture.looks, box)[0] + 0.5, 0, 1)
    marks = np.full(picture.size, cv2.GC_BGD, np.uint8)
    marks[top:bottom, left:right] = cv2.GC_PR_BGD
    marks[(marks == cv2.GC_PR_BGD) & (likely > 0.5)] = cv2.GC_PR_FGD
    across, down = SURROUNDINGS * (right - left) + MARGIN, SURROUNDINGS * (bottom - top) + MARGIN
    part = np.s_[
        max(0, int(top - down)) : int(bottom + down),
        max(0, int(left - across)) : int(right + across),
    ]
    firm = np.zeros(picture.size, np.float32)
    firm[part] = cut(picture.image[part], marks[part], iterations=ITERATIONS)
    return LIKELY_SHARE * likely + (1 - LIKELY_SHARE) * firm
