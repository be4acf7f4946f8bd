"""What in a box is unlike its surroundings: the appearance classifier, fitted in turns."""

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from vidmem.statistics import Appearance, guided

TURNS = 4
FOURIER = 100
FOURIER_SCALE = 1.5
CENTRE_WEIGHT = 0.3
"""Of the expectation that an object fills the middle of its box."""
SHARPNESS = 3.0
SHARES = (0.2, 0.9)
"""How much of its tight box an object fills."""
SURROUNDINGS = 0.6
"""Half boxes around the box that are looked at."""


def unlike_surroundings(
    image: UInt8[np.ndarray, "h w 3"], box: tuple[float, float, float, float]
) -> Float32[np.ndarray, "h w"]:
    """Probability of the object, 0 outside the box.

    Args:
        image: RGB.
        box: left, top, right, bottom in its pixels.
    """
    height, width = image.shape[:2]
    x = (np.arange(width) + 0.5 - (box[0] + box[2]) / 2) / max(0.5, (box[2] - box[0]) / 2)
    y = (np.arange(height) + 0.5 - (box[1] + box[3]) / 2) / max(0.5, (box[3] - box[1]) / 2)
    rows = slice(*_extent(y))
    columns = slice(*_extent(x))
    across, down = np.meshgrid(x[columns], y[rows])
    outside = np.maximum(abs(across), abs(down)) > 1
    centre = (2 * np.exp(-0.6 * (across**2 + down**2)) - 1).astype(np.float32)
    result = np.zeros((height, width), np.float32)
    if outside.all() or not outside.any():
        result[rows, columns] = ~outside
        return result
    result[rows, columns] = _fit(image[rows, columns], centre, outside)
    return result


def _extent(place: np.ndarray) -> tuple[int, int]:
    near = np.flatnonzero(abs(place) <= 1 + SURROUNDINGS)
    return int(near[0]), int(near[-1]) + 1


def _fit(
    image: UInt8[np.ndarray, "h w 3"], centre: Float32[np.ndarray, "h w"], outside: np.ndarray
) -> Float32[np.ndarray, "h w"]:
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / 50
    features = _features(lab)
    total = np.where(outside, np.float32(-1), centre)
    for _ in range(TURNS):
        inside = torch.from_numpy((np.tanh(SHARPNESS * total) + 1) / 2)
        appearance = Appearance.empty(features.shape[-1]).taught(features, inside, permanent=True)
        scores = (features @ appearance.classifier()).clamp(-1, 1).numpy()
        slope, offset = guided(lab, scores, radius=4, epsilon=0.005)
        total = (slope * lab).sum(-1) + offset + CENTRE_WEIGHT * centre
        low, high = np.quantile(total[~outside], (1 - SHARES[1], 1 - SHARES[0]))
        total = total - np.float32(np.clip(0, low, high))
        total[outside] = -1
    return np.clip(0.5 * total + 0.5, 0, 1)


def _features(lab: Float32[np.ndarray, "h w 3"]) -> Float[Tensor, "h w size"]:
    plain = torch.from_numpy(np.dstack([lab, cv2.blur(lab, (5, 5))]))
    generator = torch.Generator().manual_seed(0)
    directions = FOURIER_SCALE * torch.randn(plain.shape[-1], FOURIER, generator=generator)
    phases = 2 * torch.pi * torch.rand(FOURIER, generator=generator)
    ones = torch.ones(*plain.shape[:2], 1)
    return torch.cat([ones, plain, torch.cos(plain @ directions + phases)], -1)
