"""Masks from clicks, learned: the closed form's answer to every click, corrected in its turn."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8

from vidmem.heads.click_masks import Dot, after_click
from vidmem.heads.click_regions import Picture
from vidmem.heads.contrast import LAB_SCALE, Window
from vidmem.heads.learned_clicks_network import ClickNetwork
from vidmem.heads.learned_prompts_cues import SIDE, cues_of, matrix_of, squared
from vidmem.heads.learned_prompts_features import Look, inside_box

AROUND = 0.5
"""How far around what is known is looked at, of its size on each side."""
SMALLEST = 0.04
"""Of the picture's width, that a window is wide and high before that."""
SLIMMEST = 0.4
"""Width of it by its height, or the other way."""
DOT_PX = 3.0
"""Spread of the spot around a click."""
COMMON = 6.0
"""Log of how much commoner a colour can be."""
FLATTEST, SPREAD = 0.1, 0.5
"""Spread of lightness (Lab / 50) that a picture has at least, and that it is given."""

Plane = Float32[np.ndarray, "h w"]
Square = Float32[np.ndarray, "side side"]
Sight = Float32[np.ndarray, "channels side side"]
Image = UInt8[np.ndarray, "h w 3"]
Places = Sequence[tuple[float, float, int]]
"""Column, row, 1 for the object or 0 for the rest; in pixels of the image."""


def learned_mask_of_clicks(
    network: ClickNetwork,
    image: Image,
    picture: Picture,
    dots: Sequence[Dot],
    start: Bool[np.ndarray, "rows columns"],
) -> Plane:
    """Probability of the object after all clicks.

    Args:
        network: trained.
        image: RGB.
        picture: of the same, smaller; the closed form looks there.
        dots: in the order they came, in pixels of ``picture``.
        start: the object before the first, in ``picture``; empty where nothing is known.
    """
    (height, width), (rows, columns) = image.shape[:2], picture.size
    places = [((x + 0.5) * width / columns, (y + 0.5) * height / rows, n) for x, y, n in dots]
    now = start
    answer = cv2.resize(start.astype(np.float32), (width, height))
    for number, (x, y, label) in enumerate(dots, 1):
        if now[y, x] == bool(label):
            continue
        now = after_click(picture, dots[:number], now)
        known = cv2.resize(now.astype(np.float32), (width, height))
        answer = corrected(network, image, known, places[:number])
        now = cv2.resize(answer, (columns, rows), interpolation=cv2.INTER_AREA) > 0.5
        now[y, x] = bool(label)
    return answer


@torch.no_grad()
def corrected(network: ClickNetwork, image: Image, known: Plane, places: Places) -> Plane:
    """What is known about the object, corrected around it; as it was where a click disagrees.

    The network's answer is the mean of what it says of the square and of its mirror image.

    Args:
        network: trained.
        image: RGB.
        known: probability of the object.
        places: clicks until now.
    """
    if not (known > 0.5).any():
        return known
    left, top, right, bottom = box = window_of(known > 0.5, places)
    sight = sight_of(image, known, places, box)
    both = torch.from_numpy(np.stack([sight, sight[..., ::-1]]))
    logits = network(both).numpy()
    mean = (logits[0] + logits[1, :, ::-1]) / 2
    square = (inside_box() / (1 + np.exp(-mean))).astype(np.float32)
    size = image.shape[1], image.shape[0]
    part = np.s_[int(top) : round(bottom), int(left) : round(right)]
    answer = known.copy()
    answer[part] = cv2.warpAffine(square, matrix_of(box), size, flags=cv2.INTER_LINEAR)[part]
    agrees = all((answer[int(y), int(x)] > 0.5) == bool(label) for x, y, label in places)
    return answer if agrees else known


def window_of(inside: Bool[np.ndarray, "h w"], places: Places, *, around: float = AROUND) -> Window:
    """The object and the clicks for it, with room for what may be missing.

    Args:
        inside: the object, as far as it is known.
        places: clicks.
        around: room on each side, of the size.
    """
    height, width = inside.shape
    rows, columns = np.nonzero(inside)
    x = np.concatenate([columns, [place[0] for place in places if place[2]]])
    y = np.concatenate([rows, [place[1] for place in places if place[2]]])
    across, down = (max(float(np.ptp(v)) + 1, SMALLEST * width) for v in (x, y))
    across, down = max(across, SLIMMEST * down), max(down, SLIMMEST * across)
    column, row = (float(v.min() + v.max() + 1) / 2 for v in (x, y))
    half = (0.5 + around) * across, (0.5 + around) * down
    return (
        max(0.0, column - half[0]),
        max(0.0, row - half[1]),
        min(float(width), column + half[0]),
        min(float(height), row + half[1]),
    )


def sight_of(image: Image, known: Plane, places: Places, box: Window) -> Sight:
    """What the network sees of a window.

    Args:
        image: RGB.
        known: probability of the object.
        places: clicks.
        box: the window; the square shows its surroundings too.
    """
    cues = cues_of(image, box)
    answer = (squared(known, box) * inside_box()).clip(0, 1).astype(np.float32)
    context = Look(cues).context(answer)
    lab = cv2.cvtColor(cues.image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / LAB_SCALE
    lab = SPREAD * (lab - lab.mean((0, 1))) / (lab[..., 0].std() + FLATTEST)
    line = np.linspace(-1, 1, SIDE, dtype=np.float32)
    planes = [
        *np.moveaxis(lab, -1, 0),
        2 * answer - 1,
        *cues.planes,
        context.alike,
        np.clip(context.coloured / COMMON, -1, 1),
        context.background,
        context.object_,
        np.clip(context.sharp, -1, 1),
        cues.seen,
        *_spots(places, box),
        np.broadcast_to(abs(line), (SIDE, SIDE)),
        np.broadcast_to(line[:, None], (SIDE, SIDE)),
    ]
    return np.stack(planes).astype(np.float32)


def _spots(places: Places, box: Window) -> list[Square]:
    """Around the clicks for the object, and around the others."""
    matrix = matrix_of(box)
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    spots = [np.zeros((SIDE, SIDE), np.float32) for _ in range(2)]
    for column, row, label in places:
        u, v = (column - matrix[0, 2]) / matrix[0, 0], (row - matrix[1, 2]) / matrix[1, 1]
        spot = np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * DOT_PX**2)).astype(np.float32)
        np.maximum(spots[0 if label else 1], spot, out=spots[0 if label else 1])
    return spots
