"""Photographs are optional, tileable, and change what the world looks like but not its truth."""

import numpy as np
import pytest

from vidmem.errors import ConfigError
from vidmem.training import photographs as module
from vidmem.training.staging import make_clip
from vidmem.training.world import WorldConfig


def test_without_scikit_image_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    module.photographs.cache_clear()
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install scikit-image"):
        module.photographs()


def test_photographs_tile_and_are_used() -> None:
    pytest.importorskip("skimage")
    pictures = module.photographs()
    assert len(pictures) == len(module.LICENCES)
    for picture in pictures:
        assert picture.std() > 5
        assert np.array_equal(picture[0], picture[-1])
        assert np.array_equal(picture[:, 0], picture[:, -1])
    plain, with_photographs = (
        make_clip(WorldConfig(frames=1, height=48, width=64, photographs=p), seed=2)
        for p in (False, True)
    )
    assert not np.array_equal(plain.images, with_photographs.images)
