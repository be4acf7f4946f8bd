"""Decoded video frames of every kind to upright RGB, 8 bits."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, UInt8

if TYPE_CHECKING:
    from av import VideoFrame

PQ, HLG = 16, 18
"""Transfer characteristics of HDR video (ITU-T H.273, table 3)."""
UNSPECIFIED, BT709, BT2020 = 2, 1, 9
"""Matrix coefficients (ITU-T H.273, table 4)."""
HD_HEIGHT = 720
"""From here on untagged video is BT.709, as players take it; below BT.601."""
PAPER_WHITE = 203.0
"""Nits of diffuse white in HDR video (ITU-R BT.2408)."""
HIGHLIGHT = 1000.0 / PAPER_WHITE
"""Brightest light that is told apart."""
KNEE = 0.5
STEPS = 4096
BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""Linear light (ITU-R BT.2087)."""


def to_rgb(frame: "VideoFrame") -> UInt8[np.ndarray, "height width 3"]:
    """Rotated as its metadata says; HDR is mapped to the range of a usual screen."""
    matrix = frame.colorspace
    if matrix == UNSPECIFIED and frame.height >= HD_HEIGHT:
        matrix = BT709
    if frame.color_trc in (PQ, HLG):
        wide = frame.reformat(
            format="rgb48le", src_colorspace=BT2020 if matrix == UNSPECIFIED else matrix
        )
        image = tone_map(wide.to_ndarray(), frame.color_trc)
    elif frame.format.name in ("gray", "rgb24", "bgr24", "rgba", "pal8"):
        image = frame.to_ndarray(format="rgb24")
    else:
        image = frame.reformat(format="rgb24", src_colorspace=matrix).to_ndarray()
    quarter_turns = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image


def tone_map(image: np.ndarray, transfer: int) -> UInt8[np.ndarray, "height width 3"]:
    """HDR for a usual screen: below half of diffuse white unchanged, highlights rolled off.

    Args:
        image: uint16, BT.2020 primaries, encoded with ``transfer``.
        transfer: ``PQ`` or ``HLG``.
    """
    linear = _to_linear(transfer)[image] @ BT2020_TO_BT709.T
    np.clip(linear / HIGHLIGHT, 0.0, 1.0, out=linear)
    # The square root spends the table's steps on the dark end, as eyes do.
    shown: np.ndarray = _to_screen()[(np.sqrt(linear) * (STEPS - 1)).astype(np.uint16)]
    return shown


@cache
def _to_linear(transfer: int) -> Float32[np.ndarray, "65536"]:
    """Encoded 16-bit value to light, 1 at diffuse white (ITU-R BT.2100, tables 4 and 5)."""
    signal = np.arange(65536) / 65535.0
    if transfer == PQ:
        power = signal ** (1 / 78.84375)
        nits = 1e4 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
            1 / 0.1593017578125
        )
    else:
        a = 0.17883277
        b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        nits = 1e3 * scene**1.2
    return (nits / PAPER_WHITE).astype(np.float32)


@cache
def _to_screen() -> UInt8[np.ndarray, " steps"]:
    """Square root of light / highlight to sRGB: Reinhard's extended curve above the knee."""
    light = HIGHLIGHT * np.linspace(0, 1, STEPS) ** 2
    over = np.maximum(light - KNEE, 0) / (1 - KNEE)
    most = (HIGHLIGHT - KNEE) / (1 - KNEE)
    rolled = KNEE + (1 - KNEE) * over * (1 + over / most**2) / (1 + over)
    mapped = np.where(light < KNEE, light, rolled)
    encoded = np.where(mapped <= 0.0031308, 12.92 * mapped, 1.055 * mapped ** (1 / 2.4) - 0.055)
    return np.round(255 * np.clip(encoded, 0, 1)).astype(np.uint8)
