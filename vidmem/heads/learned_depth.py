"""Depth from one picture: what a camera that does not move can still know."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8

from vidmem.heads.geometry.camera import rays_of
from vidmem.heads.learned_network import STRIDE, MonoNetwork
from vidmem.types import Intrinsics

PIXELS = 80 * 112
"""About as many as the network learned from."""
FEWEST = 200
"""Known pixels that a scale and a shift are fitted to."""
LEAST = 0.05
"""Of the usual inverse depth: nothing is farther after a fit."""


class MonoDepth:
    """Inverse depth (about 1/m, a guess of the network) from a picture and its camera."""

    def __init__(self, network: MonoNetwork) -> None:
        self._network = network

    def guess(
        self, image: UInt8[np.ndarray, "height width 3"], camera: Intrinsics, size: tuple[int, int]
    ) -> Float32[np.ndarray, "h w"]:
        """At ``size``, finite and positive. ``camera`` belongs to ``image``."""
        height, width = image.shape[:2]
        scale = (PIXELS / (height * width)) ** 0.5
        rows, columns = (max(2, round(side * scale / STRIDE)) * STRIDE for side in (height, width))
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        rays = rays_of(camera.scaled(columns / width, rows / height), (rows, columns))[..., :2]
        picture = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        log = self._network(picture, torch.from_numpy(rays).permute(2, 0, 1)[None])
        inverse = log[0].clamp(-6, 4).exp().numpy()
        guessed: np.ndarray = cv2.resize(inverse, size[::-1], interpolation=cv2.INTER_LINEAR)
        return guessed


def fitted(
    guess: Float32[np.ndarray, "h w"],
    inverse: Float32[np.ndarray, "h w"],
    weights: Float32[np.ndarray, "h w"],
) -> Float32[np.ndarray, "h w"]:
    """The guess under the scale and shift that fit best to what is known (``weights`` > 0).

    Without enough that is known: under the scale that gives it the same median.
    """
    known: Bool[np.ndarray, "h w"] = weights > 0
    usual = np.float32(np.median(inverse[known] if known.any() else inverse))
    scale, shift = usual / np.float32(np.median(guess[known] if known.any() else guess)), 0.0
    if known.sum() >= FEWEST:
        x, y, w = guess[known], inverse[known], weights[known] / weights[known].sum()
        mean_x, mean_y = float(w @ x), float(w @ y)
        spread = float(w @ (x - mean_x) ** 2)
        slope = float(w @ ((x - mean_x) * (y - mean_y))) / (spread + 1e-4 * mean_x**2)
        if slope > 0:  # else the guess says nothing here
            scale, shift = np.float32(slope), mean_y - slope * mean_x
    moved: np.ndarray = np.maximum(scale * guess + np.float32(shift), LEAST * usual)
    return moved.astype(np.float32)
