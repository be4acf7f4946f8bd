"""What an object looks like, for choosing between masks: scores of every pixel, any tracker.

The classifier is :class:`vidmem.statistics.Appearance`; its state lies in the object's memory.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from vidmem.statistics import Appearance, plain_features
from vidmem.types import State

PLAIN = 10
FOURIER = 64
FOURIER_SCALE = 1.5
SIZE = 1 + PLAIN + FOURIER
PREFIX = "refine."


def look(
    image: UInt8[np.ndarray, "rows columns 3"], grey: UInt8[np.ndarray, "rows columns"]
) -> Float[Tensor, "rows columns 75"]:
    """What the classifier sees of every pixel: colour at three scales, edges, their Fourier waves.

    Rahimi and Recht, 2007: a linear classifier of random waves bends like a Gaussian kernel.
    """
    plain = torch.from_numpy(plain_features(image, grey))
    directions, phases = _waves()
    waves = torch.cos(plain @ directions + phases)
    return torch.cat([torch.ones(*plain.shape[:2], 1), plain, waves], -1)


def evidence(
    seen: Float[Tensor, "rows columns 75"], appearance: Appearance
) -> Float32[np.ndarray, "rows columns"]:
    """-1 speaks against a pixel, 1 for it."""
    return (seen @ appearance.classifier()).clamp(-1, 1).numpy()


def remembered(state: State) -> Appearance:
    """From what :func:`to_remember` added to an object's state; empty where there is none."""
    names = Appearance.__slots__
    if PREFIX + names[0] not in state:
        return Appearance.empty(SIZE)
    return Appearance(*(state[PREFIX + name] for name in names))


def to_remember(appearance: Appearance) -> State:
    """Under names that no tracker uses."""
    return {PREFIX + name: value for name, value in appearance.state().items()}


@cache
def _waves() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    directions = FOURIER_SCALE * torch.randn(PLAIN, FOURIER, generator=generator)
    return directions, 2 * torch.pi * torch.rand(FOURIER, generator=generator)
