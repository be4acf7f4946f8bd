"""First masks from boxes, points and masks, in closed form or with a learned correction."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidmem.heads.box_masks import mask_of_box
from vidmem.heads.click_masks import mask_of_clicks
from vidmem.heads.click_regions import Picture
from vidmem.heads.learned_clicks import learned_mask_of_clicks
from vidmem.heads.learned_prompts import learned_mask_of_box
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.statistics import guided
from vidmem.types import Box, Prompt

SEEN_PIXELS = 20_000
"""Size of the image in which clicks look; edges are found again at working size."""
BOX_PIXELS = 70_000
"""Size of the image in which boxes look, where there is only one window to look at."""
EDGE_RADIUS = 3
EDGE_EPSILON = 1e-3


def mask_of_prompt(
    prompt: Prompt,
    image: UInt8[np.ndarray, "h w 3"],
    size: tuple[int, int],
    current: Float32[np.ndarray, "h w"] | None,
    network: PromptNetwork | None = None,
) -> Float32[np.ndarray, "h w"]:
    """Probability of the object at working size.

    Args:
        prompt: in frame pixels.
        image: at working size.
        size: the frame's height and width.
        current: the object's probability now, where it exists; points correct it.
        network: what answers boxes and corrects clicks; None for the closed form alone.
    """
    height, width = image.shape[:2]
    if prompt.mask is not None:
        known = prompt.mask.astype(np.float32)
        return cv2.resize(known, (width, height), interpolation=cv2.INTER_AREA)
    inside = np.zeros((height, width), np.float32)
    if prompt.box is not None and network is not None:
        inside = learned_mask_of_box(network, image, _scaled(prompt.box, size, (height, width)))
    elif prompt.box is not None:
        picture = seen(image, BOX_PIXELS)
        inside = mask_of_box(picture, _scaled(prompt.box, size, picture.size)).astype(np.float32)
    elif current is not None:
        inside = (current > 0.5).astype(np.float32)
    if prompt.points:
        picture = seen(image, SEEN_PIXELS)
        rows, columns = picture.size
        start = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA) > 0.5
        down, across = rows / size[0], columns / size[1]
        dots = [(int(x * across), int(y * down), int(label)) for x, y, label in prompt.points]
        if network is None:
            inside = mask_of_clicks(picture, dots, start).astype(np.float32)
        else:
            inside = learned_mask_of_clicks(network.clicks, image, picture, dots, start)
    return _sharpened(image, inside)


def seen(image: UInt8[np.ndarray, "h w 3"], pixels: int) -> Picture:
    """The image with at most ``pixels``, for the closed form."""
    height, width = image.shape[:2]
    scale = min(1.0, (pixels / (height * width)) ** 0.5)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Picture.of(cv2.resize(image, shape, interpolation=cv2.INTER_AREA))


def _scaled(box: Box, size: tuple[int, int], wanted: tuple[int, int]) -> Box:
    down, across = wanted[0] / size[0], wanted[1] / size[1]
    left, top, right, bottom = box
    return left * across, top * down, right * across, bottom * down


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


def _sharpened(
    image: UInt8[np.ndarray, "h w 3"], inside: Float32[np.ndarray, "rows columns"]
) -> Float32[np.ndarray, "h w"]:
    """At working size, along the edges of the picture."""
    coarse = cv2.resize(inside, (image.shape[1], image.shape[0]))
    guide = image.astype(np.float32) / 255
    slope, offset = guided(guide, coarse, radius=EDGE_RADIUS, epsilon=EDGE_EPSILON)
    sharp = np.clip((slope * guide).sum(-1) + offset, 0, 1).astype(np.float32)
    return sharp if (sharp > 0.5).any() else coarse
