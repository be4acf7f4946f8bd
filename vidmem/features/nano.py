"""What the embedded tracker sees: colour at three scales and the energy of edges."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from vidmem.config import TrackerConfig
from vidmem.flow import Preset, flow
from vidmem.statistics import PLAIN, joined, looks
from vidmem.types import Features, Frame, Previous
from vidmem.waves import Waves
from vidmem.working import working_picture

STRIDE = 2
"""Working pixels per classified pixel."""
TOKEN_STRIDE = 8
"""Working pixels per stored token."""
TOKEN_WEIGHTS = (1.0,) * 3 + (0.7,) * 3 + (0.3,) * 3 + (1.0,)
"""How much each plain number counts between tokens; wide means mix in what is around."""
DESCRIPTION = 32
DESCRIPTION_SCALE = 1.5


class NanoEncoder:
    """One encoding per frame for masks and depth, and the optical flow to the previous frame.

    Args:
        config: the knobs.
        hurried: flow in coarser steps, where there is a deadline.
    """

    def __init__(self, config: TrackerConfig, *, hurried: bool = False) -> None:
        self._preset: Preset = "hurried" if hurried else "brisk"
        self._working_pixels = config.working_pixels
        self._waves = Waves.drawn(PLAIN, DESCRIPTION, scale=DESCRIPTION_SCALE, seed=1)

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """Features at working size; the first frame of a video fixes that size.

        ``tensors`` holds ``pixels`` [rows columns 10] at stride 2; ``tokens`` [rows columns 10]
        and what describes them, ``waves`` [rows columns 32], at stride 8; ``frame_size`` [2].
        """
        return self._encode(frame, previous, shrink=1)

    def encode_coarse(self, frame: Frame, previous: Previous | None) -> Features:
        """The same from half as many rows and columns; ``pixels`` are at stride 4."""
        return self._encode(frame, previous, shrink=2)

    def _encode(self, frame: Frame, previous: Previous | None, *, shrink: int) -> Features:
        height, width = (
            previous.features.grey.shape if previous else working_size(frame, self._working_pixels)
        )
        image, grey = working_picture(frame.image, (height, width))
        last = previous.features.grey if previous else None
        offsets = None if last is None else _flow(grey, last, shrink=shrink, preset=self._preset)
        small = image if shrink == 1 else _smaller(image, shrink)
        small_grey = grey if shrink == 1 else _smaller(grey, shrink)
        parts = looks(small, small_grey, shrink=shrink)
        tokens = _tokens(parts, TOKEN_STRIDE // shrink)
        tensors = {
            "pixels": joined([part[::STRIDE, ::STRIDE] for part in parts]),
            "tokens": tokens,
            "waves": self._waves.of(tokens.flatten(0, 1)).view(*tokens.shape[:2], -1),
            "frame_size": torch.tensor(frame.size),
        }
        return Features(image, grey, offsets, tensors)


def working_size(frame: Frame, pixels: int) -> tuple[int, int]:
    """Height and width with the frame's aspect ratio, about ``pixels`` large, multiples of 8."""
    height, width = frame.size
    scale = min(1.0, (pixels / (height * width)) ** 0.5)
    return max(16, 8 * round(height * scale / 8)), max(16, 8 * round(width * scale / 8))


def _smaller(image: np.ndarray, shrink: int) -> np.ndarray:
    size = (image.shape[1] // shrink, image.shape[0] // shrink)
    small: np.ndarray = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def _tokens(parts: Sequence[np.ndarray], stride: int) -> Float[Tensor, "rows columns 10"]:
    rows, columns = (length // stride for length in parts[0].shape[:2])
    pooled = [cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA) for part in parts]
    return joined(pooled) * torch.tensor(TOKEN_WEIGHTS)


def _flow(
    grey: UInt8[np.ndarray, "h w"],
    before: UInt8[np.ndarray, "h w"],
    *,
    shrink: int,
    preset: Preset,
) -> Float32[np.ndarray, "h w 2"]:
    if shrink == 1:
        return flow(grey, before, preset=preset)
    small = flow(_smaller(grey, shrink), _smaller(before, shrink), preset=preset)
    large: np.ndarray = np.float32(shrink) * cv2.resize(small, grey.shape[::-1])
    return large
