"""A weak guess of depth from one picture, for cameras that never moved."""

import numpy as np
from jaxtyping import Float32


def vertical_prior(size: tuple[int, int]) -> Float32[np.ndarray, "height width"]:
    """Inverse depth of about 1: what stands lower in the picture is nearer, the sides are too."""
    height, width = size
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return (0.75 + 0.5 * down**2 + 0.1 * across**2).astype(np.float32)
