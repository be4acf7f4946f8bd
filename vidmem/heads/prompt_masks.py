"""First masks from boxes, points and masks, in closed form: GrabCut (Rother et al., 2004)."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.types import Prompt

ITERATIONS = 4
CLICK_RADIUS_PX = 3


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
        current: the object's probability now, where it exists.
    """
    height, width = image.shape[:2]
    if prompt.mask is not None:
        known = prompt.mask.astype(np.float32)
        return cv2.resize(known, (width, height), interpolation=cv2.INTER_AREA)
    scale_x, scale_y = width / size[1], height / size[0]
    marks = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    if current is not None:
        marks[current > 0.5] = cv2.GC_PR_FGD
    if prompt.box is not None:
        left, right = (round(x * scale_x) for x in (prompt.box[0], prompt.box[2]))
        top, bottom = (round(y * scale_y) for y in (prompt.box[1], prompt.box[3]))
        marks[:] = cv2.GC_BGD
        marks[top : max(bottom, top + 1), left : max(right, left + 1)] = cv2.GC_PR_FGD
    points = [(round(x * scale_x), round(y * scale_y), label) for x, y, label in prompt.points]
    if prompt.box is None and current is None:
        radius = max(height, width) // 6
        for x, y, label in points:
            if label:
                cv2.circle(marks, (x, y), radius, cv2.GC_PR_FGD, -1)
    for x, y, label in points:
        value = cv2.GC_FGD if label else cv2.GC_BGD
        cv2.circle(marks, (x, y), CLICK_RADIUS_PX, int(value), -1)
    return _cut(image, marks)


def _cut(
    image: UInt8[np.ndarray, "h w 3"], marks: UInt8[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    start = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if start.all() or not start.any():
        return start
    cv2.setRNGSeed(0)
    cv2.grabCut(
        image,
        marks,
        (0, 0, 1, 1),
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        ITERATIONS,
        cv2.GC_INIT_WITH_MASK,
    )
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return inside if inside.any() else start
