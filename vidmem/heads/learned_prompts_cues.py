"""What the prompt network sees: the box as a square of fixed size, and what is known in it."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from vidmem.heads.contrast import Window, looks_of, unlike_surroundings

SIDE = 96
"""Pixels of the square."""
MARGIN = 0.3
"""Of the box's size, on each side of it."""
INNER = round(SIDE * MARGIN / (1 + 2 * MARGIN)), round(SIDE * (1 + MARGIN) / (1 + 2 * MARGIN))
"""Where the box begins and ends in the square."""
BLUR = 0.4
"""Of the pixels that become one: less than this and fine texture turns into noise."""
STEP = 1e-3
"""Length of a step between pixels of one colour, against a step of colour (Lab / 50)."""
FAR = 1.5

Square = Float32[np.ndarray, "side side"]


@dataclass(frozen=True, slots=True, eq=False)
class Cues:
    """What is known about one box before anything learned looks at it."""

    image: UInt8[np.ndarray, "side side 3"]
    planes: Float32[np.ndarray, "3 side side"]
    """Unlike its surroundings; the appearance's part of that (both -1 to 1); :func:`apart_from`."""
    seen: Bool[np.ndarray, "side side"]
    """Inside the picture."""


def matrix_of(box: Window) -> Float32[np.ndarray, "2 3"]:
    """From pixels of the square to those of the picture."""
    left, top, right, bottom = box
    across, down = (
        (right - left) * (1 + 2 * MARGIN) / SIDE,
        (bottom - top) * (1 + 2 * MARGIN) / SIDE,
    )
    x, y = left - MARGIN * (right - left), top - MARGIN * (bottom - top)
    return np.array([[across, 0, x + across / 2 - 0.5], [0, down, y + down / 2 - 0.5]], np.float32)


def squared(image: np.ndarray, box: Window) -> np.ndarray:
    """The surroundings of ``box`` as a square; what is outside the picture repeats its edge."""
    matrix = matrix_of(box)
    sigma = [BLUR * float(np.sqrt(max(0.0, matrix[i, i] ** 2 - 1))) for i in (0, 1)]
    soft = image
    if max(sigma) > 0.2:
        soft = cv2.GaussianBlur(image, (0, 0), max(0.05, sigma[0]), None, max(0.05, sigma[1]))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square: np.ndarray = cv2.warpAffine(
        soft, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return square


def cues_of(image: UInt8[np.ndarray, "h w 3"], box: Window) -> Cues:
    """Look at one box of a picture.

    Args:
        image: RGB.
        box: left, top, right, bottom in its pixels, at least one pixel wide and high.
    """
    square = squared(image, box)
    lab, looks = looks_of(square)
    window = (float(INNER[0]), float(INNER[0]), float(INNER[1]), float(INNER[1]))
    total, appearance = unlike_surroundings(lab, looks, window)
    outside = np.ones((SIDE, SIDE), bool)
    outside[INNER[0] : INNER[1], INNER[0] : INNER[1]] = False
    apart = apart_from(lab, outside)
    columns, rows = np.arange(SIDE), np.arange(SIDE)
    matrix = matrix_of(box)
    x, y = columns * matrix[0, 0] + matrix[0, 2], rows * matrix[1, 1] + matrix[1, 2]
    across, down = abs(x - (image.shape[1] - 1) / 2), abs(y - (image.shape[0] - 1) / 2)
    seen = (down < image.shape[0] / 2)[:, None] & (across < image.shape[1] / 2)[None]
    planes = np.stack([np.clip(total, -1, 1), appearance, apart]).astype(np.float32)
    return Cues(square, planes, seen)


def apart_from(
    lab: Float32[np.ndarray, "side side 3"], outside: Bool[np.ndarray, "side side"]
) -> Square:
    """Least change of colour on any way there from outside, 0 to 1 (Bai and Sapiro, 2007).

    A wall or pole that goes on outside is near, however unlike the rest of the surroundings.
    """
    numbers = np.arange(lab[..., 0].size).reshape(lab.shape[:2])
    pairs = (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]),
        (np.s_[:-1, 1:], np.s_[1:, :-1]),
    )
    soft = cv2.GaussianBlur(lab, (0, 0), 0.7)
    first = np.concatenate([numbers[a].ravel() for a, _ in pairs])
    second = np.concatenate([numbers[b].ravel() for _, b in pairs])
    flat = soft.reshape(-1, 3)
    steps = STEP + np.linalg.norm(flat[first] - flat[second], axis=-1)
    size = numbers.size
    graph = coo_matrix((steps, (first, second)), shape=(size, size)).tocsr()
    far = dijkstra(graph, directed=False, indices=numbers[outside], min_only=True)
    share: Square = (np.minimum(far, FAR) / FAR).reshape(lab.shape[:2]).astype(np.float32)
    return share
