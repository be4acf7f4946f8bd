"""Photographs as textures: some of those that scikit-image's package brings along, free of rights.

scikit-image is no dependency of vidmem; ``pip install scikit-image`` makes them available. Pictures
of the package that :data:`LICENCES` does not list are not read.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.errors import ConfigError
from vidmem.training.textures import SIDE

LICENCES = {
    "brick.png": "CC0 (CC0Textures, Bricks25)",
    "grass.png": "CC0 (linolafett)",
    "gravel.png": "CC0 (CC0Textures, Gravel04)",
    "chelsea.png": "CC0 (Stefan van der Walt)",
    "coffee.png": "CC0 (Rachel Michetti)",
    "hubble_deep_field.jpg": "public domain (NASA)",
    "rocket.jpg": "public domain (SpaceX)",
}
"""File name to licence, as scikit-image's documentation of each image states it."""


@lru_cache(maxsize=1)
def photographs() -> tuple[UInt8[np.ndarray, "side side 3"], ...]:
    """Tileable squares, in the order of :data:`LICENCES`.

    Raises:
        ConfigError: scikit-image is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise ConfigError(
            "Photographs as textures come with scikit-image, which is not installed.",
            remedy="Install it (pip install scikit-image) or leave photographs off.",
        )
    folder = Path(spec.origin).parent / "data"
    return tuple(_tileable(folder / name) for name in LICENCES)


def _tileable(path: Path) -> UInt8[np.ndarray, "side side 3"]:
    """The middle square beside its mirror images: no seam, and every part of it is real."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None
    rows, columns = picture.shape[:2]
    square = min(rows, columns)
    top, left = (rows - square) // 2, (columns - square) // 2
    middle = picture[top : top + square, left : left + square, ::-1]
    half = cv2.resize(np.ascontiguousarray(middle), (SIDE // 2,) * 2, interpolation=cv2.INTER_AREA)
    wide = np.concatenate([half, half[:, ::-1]], 1)
    return np.concatenate([wide, wide[::-1]], 0).astype(np.uint8)
