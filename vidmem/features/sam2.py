"""What SAM 2.1 sees: its image encoder, once per frame, for every object.

The network comes from the ``sam2`` package (Ravi et al., 2024: SAM 2, segment anything in images
and videos); it is built by :mod:`vidmem.models.sam2`.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from vidmem.flow import flow
from vidmem.types import Features, Frame, Previous
from vidmem.working import working_picture

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
STRIDE = 4
"""Input pixels per pixel of a mask; masks are the working size."""


class Sam2Encoder:
    """One encoding per frame, and the optical flow to the previous frame for depth.

    Args:
        network: the package's ``SAM2Base``.
    """

    def __init__(self, network: Any) -> None:
        self._network = network

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """Features at working size: a quarter of the square that SAM 2.1 reads.

        ``tensors`` holds ``embedding`` [1 256 h w] at stride 16, and what the mask decoder adds
        to it, ``stride_8`` [1 64 2h 2w] and ``stride_4`` [1 32 4h 4w]; ``frame_size`` [2].
        """
        side = self._network.image_size
        square = np.asarray(Image.fromarray(frame.image).resize((side, side)))
        working = (side // STRIDE, side // STRIDE)
        image, grey = working_picture(frame.image, working)
        offsets = flow(grey, previous.features.grey) if previous else None
        tensors = self._see(square) | {"frame_size": torch.tensor(frame.size)}
        return Features(image, grey, offsets, tensors)

    def _see(self, square: UInt8[np.ndarray, "side side 3"]) -> dict[str, Tensor]:
        device = next(self._network.parameters()).device
        pixels = normalised(square).to(device)
        fine, middle, embedding = self._network.image_encoder(pixels)["backbone_fpn"]
        decoder = self._network.sam_mask_decoder
        return {
            "embedding": embedding,
            "stride_8": decoder.conv_s1(middle),
            "stride_4": decoder.conv_s0(fine),
        }


def normalised(square: UInt8[np.ndarray, "side side 3"]) -> Float[Tensor, "1 3 side side"]:
    """As the network was trained: zero mean and unit deviation per channel, in this order."""
    pixels = torch.from_numpy(square / 255).permute(2, 0, 1).float()
    pixels -= torch.tensor(MEAN)[:, None, None]
    pixels /= torch.tensor(DEVIATION)[:, None, None]
    return pixels[None]
