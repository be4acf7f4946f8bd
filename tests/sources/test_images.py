"""Folders of images: order, kinds, damage, and headers that ask for too much."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources import open_source


def save(path, value, mode="RGB", **options):
    array = np.full((6, 8) if mode in ("L", "1") else (6, 8, len(mode)), value, np.uint8)
    Image.fromarray(array).save(path, **options)


def test_natural_order_of_mixed_kinds(tmp_path):
    names = ["frame2.png", "frame10.jpg", "Frame1.bmp", "frame11.webp", "frame3.tif"]
    for name in names:
        save(tmp_path / name, int("".join(filter(str.isdigit, name))) * 20)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".frame0.png").write_text("hidden")
    source = open_source(tmp_path)
    values = [round(frame.image.mean() / 20) for frame in source]
    assert values == [1, 2, 3, 10, 11] and source.frame_count == 5


def test_sixteen_bits_grey_alpha_and_palette(tmp_path):
    Image.fromarray(np.full((6, 8), 0x8040, np.uint16)).save(tmp_path / "0.png")
    save(tmp_path / "1.png", 77, "L")
    save(tmp_path / "2.png", 99, "RGBA")
    Image.fromarray(np.full((6, 8, 3), 50, np.uint8)).quantize().save(tmp_path / "3.png")
    means = [frame.image.mean() for frame in open_source(tmp_path)]
    assert means == pytest.approx([0x80, 77, 99, 50], abs=1)


def test_camera_orientation_is_applied(tmp_path):
    picture = np.zeros((6, 8, 3), np.uint8)
    picture[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to show
    Image.fromarray(picture).save(tmp_path / "turned.png", exif=exif)
    (frame,) = open_source(tmp_path / "turned.png")
    assert frame.size == (8, 6) and frame.image[:4].min() == 255 and frame.image[4:].max() == 0


def png_header(width, height):
    """A PNG that claims to be large and holds nothing."""

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("side", [16_385, 100_000])
@pytest.mark.parametrize("name", ["huge.png", "huge.mp4"])
def test_a_huge_header_is_refused_before_allocation(tmp_path, name, side):
    (tmp_path / name).write_bytes(png_header(side, side))
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path / name)
    assert caught.value.remedy


def test_damage_at_the_start_is_refused_and_later_ends_the_video(tmp_path):
    for index in range(3):
        save(tmp_path / f"{index}.png", 10)
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    frames = iter(open_source(tmp_path))
    assert next(frames).index == 0
    with pytest.raises(TruncatedError, match=r"1\.png"):
        next(frames)
    (tmp_path / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    with pytest.raises(SourceError, match=r"0\.png"):
        open_source(tmp_path)


def test_an_empty_folder(tmp_path):
    with pytest.raises(SourceError, match="no images"):
        open_source(tmp_path)
