"""A few tiny pictures to learn from."""

import numpy as np
import pytest

from vidmem.training.stills import Stills


@pytest.fixture(scope="session")
def tiny_stills() -> Stills:
    """Six ramps: the lower, the nearer, and the brighter."""
    random = np.random.default_rng(0)
    down = np.linspace(0.3, 1.5, 144)[None, :, None] * random.uniform(0.5, 1.5, (6, 1, 1))
    inverse = np.repeat(down, 192, 2)
    shade = np.clip(120 * inverse[..., None] + random.normal(0, 8, (6, 144, 192, 3)), 0, 255)
    return Stills(
        shade.astype(np.uint8),
        (1 / inverse).astype(np.float16),
        random.uniform(0.6, 1.1, 6).astype(np.float32),
    )
