"""What in a window is unlike its surroundings: the appearance classifier, fitted in turns."""

from functools import cache

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from torch import Tensor

from vidmem.statistics import RIDGE, guided

TURNS = 3
FOURIER = 64
FOURIER_SCALE = 1.5
CENTRE_WEIGHT = 0.3
"""Of the expectation that an object fills the middle of its window."""
SHARPNESS = 3.0
SHARES = (0.2, 0.9)
"""How much of its window an object fills."""
SURROUNDINGS = 0.6
"""Half windows around the window that are looked at."""
NEAR_PX, NEAR_SHARE = 12.0, 0.8
"""Background near the object is what it is mistaken for: weight falls with this distance."""
SEED_WEIGHT = 4.0
TAUGHT = 4000
"""Pixels that teach the classifier at most, evenly spread: more cost time and change nothing."""
EDGE_RADIUS, EDGE_EPSILON = 3, 0.005
LAB_SCALE = 50.0

Plane = Float32[np.ndarray, "h w"]
Inside = Bool[np.ndarray, "h w"]
Look = Float32[np.ndarray, "h w size"]
Window = tuple[float, float, float, float]
"""left, top, right, bottom; may reach outside the picture."""


def looks_of(image: UInt8[np.ndarray, "h w 3"]) -> tuple[Float32[np.ndarray, "h w 3"], Look]:
    """Lab colour in units of 50, and what the classifier sees of every pixel."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / LAB_SCALE
    plain: np.ndarray = np.dstack([lab, cv2.blur(np.asarray(lab, np.float32), (5, 5))])
    size = plain.shape[-1]
    flat = torch.from_numpy(plain).reshape(-1, size)
    directions, phases = (torch.from_numpy(part) for part in _waves(size))
    waves = torch.addmm(phases, flat, directions).cos_()
    looks = torch.cat([torch.ones(len(flat), 1), flat, waves], 1)
    return lab, looks.reshape(*plain.shape[:2], -1).numpy()


def classifier_of(
    taught: Float32[np.ndarray, "n size"],
    weights: Float32[np.ndarray, " n"],
    wanted: Float32[np.ndarray, " n"],
    ridge: float = RIDGE,
) -> Float32[Tensor, " size"]:
    """Weighted ridge regression; by torch, because nothing limits the threads of numpy's.

    Args:
        taught: what is seen of some pixels.
        weights: of each.
        wanted: answer for each.
        ridge: added to the diagonal.
    """
    rows = torch.from_numpy(taught)
    weighted = rows * torch.from_numpy(weights)[:, None]
    square = weighted.T @ rows + ridge * torch.eye(rows.shape[1])
    solved: Tensor = torch.linalg.solve(square, weighted.T @ torch.from_numpy(wanted))
    return solved


def answers_of(looks: Look, classifier: Float32[Tensor, " size"]) -> Plane:
    """What the classifier says of every pixel, limited to -1 to 1."""
    flat = torch.from_numpy(looks).reshape(-1, looks.shape[-1])
    return (flat @ classifier).clamp_(-1, 1).reshape(looks.shape[:2]).numpy()


def unlike_surroundings(
    lab: Float32[np.ndarray, "h w 3"],
    looks: Look,
    window: Window,
    *,
    allowed: Inside | None = None,
    seed: Inside | None = None,
) -> tuple[Plane, Plane]:
    """Two planes, -1 far outside the window: the object's score, and its appearance's alone.

    Args:
        lab: from ``looks_of``.
        looks: from ``looks_of``.
        window: where the object is, and most of it in the middle.
        allowed: pixels that may be the object or its surroundings; others are not looked at.
        seed: pixels that are the object for certain.
    """
    height, width = lab.shape[:2]
    left, top, right, bottom = window
    x = (np.arange(width) + 0.5 - (left + right) / 2) / max(0.5, (right - left) / 2)
    y = (np.arange(height) + 0.5 - (top + bottom) / 2) / max(0.5, (bottom - top) / 2)
    part = np.s_[slice(*_extent(y)), slice(*_extent(x))]
    across, down = np.meshgrid(x[part[1]], y[part[0]])
    outside = np.maximum(abs(across), abs(down)) > 1
    usable = np.ones_like(outside) if allowed is None else allowed[part]
    certain = np.zeros_like(outside) if seed is None else seed[part]
    total, appearance = (np.full((height, width), -1, np.float32) for _ in range(2))
    if not (outside & usable).any() or outside.all():
        total[part] = np.where(outside | ~usable, -1, 1)
        return total, total
    centre = (2 * np.exp(-0.6 * (across**2 + down**2)) - 1).astype(np.float32)
    total[part], appearance[part] = _fit(lab[part], looks[part], centre, outside, usable, certain)
    return total, appearance


def _extent(place: np.ndarray) -> tuple[int, int]:
    near = np.flatnonzero(abs(place) <= 1 + SURROUNDINGS)
    return int(near[0]), int(near[-1]) + 1


def _fit(
    lab: Float32[np.ndarray, "h w 3"],
    looks: Look,
    centre: Plane,
    outside: Inside,
    usable: Inside,
    certain: Inside,
) -> tuple[Plane, Plane]:
    step = max(1, outside.size // TAUGHT)
    looks = np.ascontiguousarray(looks)
    taught = np.ascontiguousarray(looks.reshape(-1, looks.shape[-1])[::step])
    total = np.where(outside, np.float32(-1), centre)
    scores = total
    for _ in range(TURNS):
        inside = (np.tanh(SHARPNESS * total) + 1) / 2
        inside[certain] = 1
        weights = _balanced(inside > 0.5)
        weights[certain] *= SEED_WEIGHT
        counted = (step * weights * usable).ravel()[::step].astype(np.float32)
        wanted = (2 * inside - 1).ravel()[::step].astype(np.float32)
        scores = answers_of(looks, classifier_of(taught, counted, wanted))
        slope, offset = guided(lab, scores, radius=EDGE_RADIUS, epsilon=EDGE_EPSILON)
        total = (slope * lab).sum(-1) + offset + CENTRE_WEIGHT * centre
        within = total[~outside & usable]
        low, high = np.quantile(within, (1 - SHARES[1], 1 - SHARES[0])) if within.size else (0, 0)
        total = (total - np.clip(0, low, high)).astype(np.float32)
        total[outside | ~usable] = -1
        total[certain] = 1
    return total, scores


def _balanced(inside: Inside) -> Plane:
    """Both classes weigh one half."""
    hard = inside.astype(np.float32)
    distance = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    rest = (NEAR_SHARE * np.exp(-distance / NEAR_PX) + 1 - NEAR_SHARE) * (1 - hard)
    weights: Plane = 0.5 * hard / max(1.0, hard.sum()) + 0.5 * rest / max(1e-6, rest.sum())
    return weights


@cache
def _waves(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Random Fourier features (Rahimi and Recht, 2007)."""
    random = np.random.default_rng(0)
    directions = FOURIER_SCALE * random.standard_normal((size, FOURIER))
    phases = 2 * np.pi * random.random(FOURIER)
    return directions.astype(np.float32), phases.astype(np.float32)
