"""Colours of objects, the same in every picture vidmem writes."""

from colorsys import hsv_to_rgb
from functools import cache

import numpy as np
from jaxtyping import UInt8


@cache
def palette() -> UInt8[np.ndarray, "256 3"]:
    """RGB by object id; 0 is black. The PASCAL VOC and DAVIS map: the bits of the id, spread."""
    ids = np.arange(256)
    colours = np.zeros((256, 3), np.int64)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= (ids >> channel & 1) << (7 - bit)
        ids >>= 3
    return colours.astype(np.uint8)


BRIGHT = (
    (0, 0, 0),
    (255, 64, 64),
    (64, 220, 80),
    (255, 215, 0),
    (70, 130, 255),
    (255, 90, 255),
    (0, 225, 225),
    (255, 150, 40),
    (170, 110, 255),
    (185, 255, 90),
    (255, 165, 190),
    (120, 200, 255),
    (200, 150, 100),
)
GOLDEN = 0.618034


@cache
def display_palette() -> UInt8[np.ndarray, "256 3"]:
    """RGB by object id for drawing over pictures: bright, the first six in the hues of DAVIS."""
    rest = [
        [round(255 * part) for part in hsv_to_rgb(GOLDEN * i % 1, 0.55 + 0.4 * (i % 2), 1.0)]
        for i in range(len(BRIGHT), 256)
    ]
    return np.array([*BRIGHT, *rest], np.uint8)
