"""Textures tile, differ, and come from the generator alone."""

import numpy as np
import pytest

from vidmem.training.textures import PATTERNS, noise, paint, palette, silhouette


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_repeat_and_vary(pattern: str) -> None:
    def make(seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        return paint(random, pattern, palette(random, hue=0.3, saturation=0.5, value=0.6))

    assert np.array_equal(make(1), make(1))
    assert not np.array_equal(make(1), make(2))
    assert make(1).std() > 4


def test_noise_tiles() -> None:
    field = noise(np.random.default_rng(0)).astype(float)
    inside = np.abs(np.diff(field, axis=0)).mean()
    seam = np.abs(field[0] - field[-1]).mean()
    assert seam < 3 * inside


def test_cut_outs_end_inside_their_square() -> None:
    for seed in range(20):
        figure = silhouette(np.random.default_rng(seed))
        border = np.concatenate([figure[0], figure[-1], figure[:, 0], figure[:, -1]])
        assert border.max() < 0.5
        assert 0.08 < (figure > 0.5).mean() < 0.8
