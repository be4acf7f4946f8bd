"""What a real camera adds: open shutter, lens softness, exposure, noise, compression."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from vidmem.training.scene import Grade

TAPS = (-0.5, -0.25, 0.25, 0.5)
"""Moments around the middle of the open shutter."""


def expose(
    image: Float[Tensor, "frames 3 rows columns"],
    grade: Grade,
    *,
    flow: Float[Tensor, "frames rows columns 2"],
    frames: tuple[int, ...],
    seed: int,
) -> UInt8[np.ndarray, "frames rows columns 3"]:
    """Light to 8-bit pictures. The noise of a frame depends on the seed and its index only."""
    if grade.blur * float(flow.abs().max()) > 1:
        image = _open_shutter(image, grade.blur * flow)
    image = _soften(image)
    gain = torch.as_tensor(grade.gain[list(frames)], dtype=torch.float32, device=image.device)
    image = image * gain[:, :, None, None]
    if grade.noise > 0:
        image = image + grade.noise * _noise(image, frames, seed)
    if grade.rolling > 0:
        image = image * (1 + grade.rolling * _bands(image, frames))
    pictures = (image.clamp(0, 1) * 255).round().to(torch.uint8)
    arrays = pictures.movedim(1, -1).contiguous().cpu().numpy()
    if grade.jpeg_quality is None:
        return arrays
    return np.stack([compress(picture, grade.jpeg_quality) for picture in arrays])


def _open_shutter(image: Tensor, path: Tensor) -> Tensor:
    """Average along the motion, centred on the pixel."""
    rows, columns = image.shape[2:]
    y, x = torch.meshgrid(
        torch.arange(rows, device=image.device),
        torch.arange(columns, device=image.device),
        indexing="ij",
    )
    scale = torch.tensor([2 / columns, 2 / rows], device=image.device)
    centre = (torch.stack((x, y), -1) + 0.5) * scale - 1
    total = image.clone()  # the tap in the middle
    for step in TAPS:
        grid = centre + step * path.clamp(-40, 40) * scale
        total += F.grid_sample(image, grid, padding_mode="border", align_corners=False)
    return total / (len(TAPS) + 1)


def _soften(image: Tensor) -> Tensor:
    """A lens: the centre weighs half, so edges are as soft as in real video."""
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = 0.22 * (padded[..., :-2] + padded[..., 2:]) + 0.56 * padded[..., 1:-1]
    return 0.22 * (across[..., :-2, :] + across[..., 2:, :]) + 0.56 * across[..., 1:-1, :]


def _noise(image: Tensor, frames: tuple[int, ...], seed: int) -> Tensor:
    """Brighter pixels are noisier, as photons are."""
    fields = []
    for frame in frames:
        generator = torch.Generator(image.device).manual_seed(seed * 1_000_003 + frame)
        fields.append(torch.randn(image.shape[1:], generator=generator, device=image.device))
    return torch.stack(fields) * (0.4 + image.clamp(0, 1)).sqrt()


def _bands(image: Tensor, frames: tuple[int, ...]) -> Tensor:
    rows = torch.arange(image.shape[2], device=image.device) / image.shape[2]
    times = torch.tensor(frames, device=image.device)[:, None]
    return torch.sin(2 * torch.pi * (1.5 * rows + 0.13 * times))[:, None, :, None]


def compress(picture: UInt8[np.ndarray, "rows columns 3"], quality: int) -> np.ndarray:
    """Through JPEG and back."""
    _, code = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])
