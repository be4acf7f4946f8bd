"""The picture that all heads work on."""

import cv2
import numpy as np
from jaxtyping import UInt8


def working_picture(
    image: UInt8[np.ndarray, "rows columns 3"], size: tuple[int, int]
) -> tuple[UInt8[np.ndarray, "height width 3"], UInt8[np.ndarray, "height width"]]:
    """RGB and grey at ``size`` (height, width)."""
    picture = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
    return picture, cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
