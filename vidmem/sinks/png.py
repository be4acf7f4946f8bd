"""PNG for labels and depth (ISO/IEC 15948): one cheap filter, then run lengths.

General writers try all five filters on every row of depth. That takes twice the time for files as
large as these.
"""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8, UInt16

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, INDEXED = 0, 3
PLAIN, UP = 0, 2
"""Filters of a row: as it is, and less the row above."""
LATIN = "latin-1"


def png_of_labels(
    labels: UInt8[np.ndarray, "height width"], palette: UInt8[np.ndarray, "256 3"]
) -> bytes:
    """A file whose pixels are positions in the palette."""
    rows = np.empty((labels.shape[0], labels.shape[1] + 1), np.uint8)
    rows[:, 0], rows[:, 1:] = PLAIN, labels
    return _file(labels.shape, 8, INDEXED, rows, [(b"PLTE", palette.tobytes())])


def png_of_steps(values: UInt16[np.ndarray, "height width"], text: Mapping[str, object]) -> bytes:
    """A grey file of 16 bits; ``text`` stands in it by keyword, in Latin letters."""
    octets = values.astype(">u2").view(np.uint8)
    rows = np.empty((octets.shape[0], octets.shape[1] + 1), np.uint8)
    rows[:, 0], rows[0, 1:] = UP, octets[0]
    np.subtract(octets[1:], octets[:-1], out=rows[1:, 1:])
    notes = [(b"tEXt", f"{key}\0{value}".encode(LATIN)) for key, value in text.items()]
    return _file(values.shape, 16, GREY, rows, notes)


def _file(
    shape: tuple[int, ...],
    bits: int,
    kind: int,
    rows: np.ndarray,
    between: list[tuple[bytes, bytes]],
) -> bytes:
    # Runs alone are the fastest of zlib's strategies, and smaller here than its fastest search.
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", shape[1], shape[0], bits, kind, 0, 0, 0)
    data = packer.compress(rows.data) + packer.flush()
    chunks = [(b"IHDR", header), *between, (b"IDAT", data), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
