"""Our own PNG files are read by others, with whatever stands in them."""

import cv2
import numpy as np
import pytest
from PIL import Image

from vidmem.sinks.palette import palette
from vidmem.sinks.png import png_of_labels, png_of_steps

SIZES = [(1, 1), (1, 70), (70, 1), (240, 432), (33, 259)]


@pytest.mark.parametrize("size", SIZES)
def test_labels_keep_numbers_and_colours(tmp_path, size):
    labels = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    labels[:, : size[1] // 2] = 3
    path = tmp_path / "labels.png"
    path.write_bytes(png_of_labels(labels, palette()))
    with Image.open(path) as image:
        image.verify()  # checksums
    with Image.open(path) as image:
        assert (np.asarray(image) == labels).all()
        assert (np.asarray(image.convert("RGB")) == palette()[labels]).all()
    assert (cv2.imread(str(path))[..., ::-1] == palette()[labels]).all()


@pytest.mark.parametrize("size", SIZES)
def test_sixteen_bits_keep_numbers_and_text(tmp_path, size):
    values = np.random.default_rng(1).integers(0, 65536, size).astype(np.uint16)
    path = tmp_path / "depth.png"
    path.write_bytes(png_of_steps(values, {"unit": "metre", "multiply_by": 0.001}))
    with Image.open(path) as image:
        image.verify()
    with Image.open(path) as image:
        assert (np.asarray(image) == values).all()
        assert image.text == {"unit": "metre", "multiply_by": "0.001"}
    assert (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) == values).all()


def test_even_masks_are_small():
    labels = np.zeros((720, 1280), np.uint8)
    labels[200:500, 300:700] = 1
    assert len(png_of_labels(labels, palette())) < 10_000
