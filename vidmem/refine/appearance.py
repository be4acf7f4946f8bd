"""What an object looks like, for choosing between masks: scores of every pixel, any tracker.

The classifier is :class:`vidmem.statistics.Appearance`; its state lies in the object's memory.
"""

import numpy as np
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from vidmem.statistics import PLAIN, Appearance, joined, looks
from vidmem.types import State
from vidmem.waves import Waves

FOURIER = 64
FOURIER_SCALE = 1.5
SIZE = 1 + PLAIN + FOURIER
PREFIX = "refine."


def look(
    image: UInt8[np.ndarray, "rows columns 3"], grey: UInt8[np.ndarray, "rows columns"]
) -> Float[Tensor, "rows columns 75"]:
    """What the classifier sees of every pixel: colour at three scales, edges, their waves."""
    plain = joined(looks(image, grey))
    waves = Waves.drawn(PLAIN, FOURIER, scale=FOURIER_SCALE, seed=0)
    return waves.lifted(plain.flatten(0, 1)).view(*plain.shape[:2], SIZE)


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
