"""What there is to learn from: a few tiny pictures."""

import cv2
import numpy as np
import pytest

from vidmem.training.collages import Sources
from vidmem.training.cutouts import Cutouts
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


@pytest.fixture(scope="session")
def one_cutout(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Collages of one thing only, a flat rectangle, before noise or a blur of it."""
    folder = tmp_path_factory.mktemp("cutouts")
    image = np.zeros((64, 64, 4), np.uint8)
    image[20:44, 8:56] = (40, 90, 200, 255)
    cv2.imwrite(str(folder / "1f40e.webp"), image)
    random = np.random.default_rng(0)
    rooms = random.integers(0, 255, (2, 144, 192, 3)).astype(np.uint8)
    return Sources(Cutouts(folder), [cv2.blur(rooms[0], (30, 30))], rooms)
