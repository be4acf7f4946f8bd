"""Depth from one picture: what a camera that does not move can still know."""

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8

from vidmem.heads.geometry.camera import rays_of
from vidmem.heads.learned_network import STRIDE, MonoNetwork
from vidmem.types import Intrinsics

PIXELS = 80 * 112
"""About as many as the network learned from."""


class MonoDepth:
    """Inverse depth in no unit from a picture and its camera.

    The network answers in the metres of the world that it learned from. Of real pictures it tells
    shapes better than the flat guess does, but not how far they are, so its mean is left out.
    """

    def __init__(self, network: MonoNetwork) -> None:
        self._network = network

    def guess(
        self, image: UInt8[np.ndarray, "height width 3"], camera: Intrinsics, size: tuple[int, int]
    ) -> Float32[np.ndarray, "h w"]:
        """At ``size``, positive, about 1 in the mean. ``camera`` belongs to ``image``."""
        height, width = image.shape[:2]
        scale = (PIXELS / (height * width)) ** 0.5
        rows, columns = (max(2, round(side * scale / STRIDE)) * STRIDE for side in (height, width))
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        rays = rays_of(camera.scaled(columns / width, rows / height), (rows, columns))[..., :2]
        picture = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        log = self._network(picture, torch.from_numpy(rays).permute(2, 0, 1)[None])
        inverse = log[0].clamp(-6, 4).exp().numpy()
        inverse /= inverse.mean()
        guessed: np.ndarray = cv2.resize(inverse, size[::-1], interpolation=cv2.INTER_LINEAR)
        return guessed
