"""Rendered pictures: reproducible, true, resumable; what augmentation may and may not change."""

import numpy as np
import pytest
import torch

from vidmem.errors import SourceError
from vidmem.training import stills as module
from vidmem.training.augmenting import batch_of, disguised
from vidmem.training.losses import depth_loss, within
from vidmem.training.stills import Stills, read_stills, render_stills, stills_of


def test_a_seed_gives_the_same_pictures_every_time():
    first, second = stills_of(3, size=(48, 64)), stills_of(3, size=(48, 64))
    assert len(first) > 0
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.depth_m, second.depth_m)


def test_rooms_are_near_bright_and_varied():
    found = [stills_of(seed, size=(48, 64)) for seed in range(8)]
    medians = np.concatenate([np.median(s.depth_m, (1, 2)) for s in found])
    assert len(medians) >= 12
    assert 0.7 < np.median(medians) < 8
    assert all(np.isfinite(s.depth_m).all() and (s.depth_m > 0).all() for s in found)
    assert len({image.tobytes() for s in found for image in s.images}) == len(medians)


def test_rendering_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    made = []

    def few(seed: int) -> Stills:
        made.append(seed)
        return Stills(
            np.full((3, 8, 8, 3), seed % 251, np.uint8), np.ones((3, 8, 8), np.float16),
            np.ones(3, np.float32),
        )  # fmt: skip

    monkeypatch.setattr(module, "stills_of", few)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert list(render_stills(whole, count=512, seed=1)) == [256, 512]
    next(render_stills(parts, count=512, seed=1))
    (parts / "stills-000001-00001.partial").write_bytes(b"killed here")
    before = len(made)
    list(render_stills(parts, count=512, seed=1))
    assert len(made) - before == 86, "only the second shard"
    np.testing.assert_array_equal(read_stills(whole).images, read_stills(parts).images)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="render"):
        read_stills(tmp_path)


def test_crops_keep_the_camera(tiny_stills):
    """Rays belong to the pixels: the horizon of a ramp stays on its row, whatever is cut out."""
    random = torch.Generator().manual_seed(0)
    _, rays, depth = batch_of(tiny_stills, [0, 0, 0, 0], size=(112, 160), random=random)
    y = rays[:, 1, :, 80] * 2 * float(tiny_stills.focal[0]) * 192 / 144  # -1 to 1 in the source
    line = np.linspace(-1 + 1 / 144, 1 - 1 / 144, 144)
    for row, metres in zip(y.numpy(), depth[:, :, 80].numpy(), strict=True):
        expected = np.interp(row, line, tiny_stills.depth_m[0, :, 0].astype(np.float64))
        np.testing.assert_allclose(metres, expected, rtol=0.03)


def test_disguises_change_pictures_and_stay_pictures(tiny_stills):
    images = torch.from_numpy(tiny_stills.images).permute(0, 3, 1, 2).float() / 255
    random = torch.Generator().manual_seed(0)
    other = disguised(images, random=random)
    assert other.shape == images.shape
    assert other.min() >= 0 and other.max() <= 1
    assert (other - images).abs().mean((1, 2, 3)).min() > 0.01
    again = disguised(images, random=torch.Generator().manual_seed(0))
    assert torch.equal(other, again)


def test_losses_forgive_what_they_say():
    depth = torch.rand(2, 32, 32) * 3 + 1
    exact = depth_loss(-depth.log(), depth)
    assert exact["loss"] < 0.01
    scaled = depth_loss(-(2 * depth).log(), depth)
    assert scaled["affine"] < 1e-3 < scaled["silog"], "most of a scale is forgiven, not all"
    moved = (3 / depth + 0.5).log()
    assert depth_loss(moved, depth)["affine"] < 1e-3
    assert within(moved, depth).min() == 1
    assert within(torch.zeros(2, 32, 32), depth).max() < 0.9
