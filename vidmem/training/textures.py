"""Tileable procedural textures: octaves of noise under patterns, coloured by a small palette."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

SIDE = 256
Grey = Float[np.ndarray, "side side"]
Random = np.random.Generator


@lru_cache(maxsize=1)
def _noise_bank() -> tuple[Grey, ...]:
    # Fixed fields that every texture rolls, flips and mixes: a scene must not cost a second.
    random = np.random.default_rng(0)
    return tuple(_octaves(random, base) for base in (2, 2, 3, 4, 4, 6, 8, 8, 16, 32, 64))


def _octaves(random: Random, base: int) -> Grey:
    total = np.zeros((SIDE, SIDE), np.float32)
    weight, cells = 1.0, base
    while cells <= SIDE:
        grid = np.pad(random.standard_normal((cells, cells)).astype(np.float32), 2, mode="wrap")
        step = SIDE // cells if SIDE % cells == 0 else SIDE / cells
        size = round((cells + 4) * step)
        fine = cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        start = round(2 * step)
        total += weight * fine[start : start + SIDE, start : start + SIDE]
        weight, cells = weight * 0.55, cells * 2
    return _level(total)


def _level(field: Grey) -> Grey:
    low, high = np.percentile(field, (2, 98))
    scaled = np.clip((field - low) / (high - low + 1e-6), 0, 1)
    return np.asarray(scaled, dtype=np.float32)


def noise(random: Random, *, fine: bool = False) -> Grey:
    """One field in 0..1, tileable, of several octaves."""
    bank = _noise_bank()
    field = bank[int(random.integers(5, len(bank)) if fine else random.integers(0, 8))]
    field = np.roll(field, tuple(random.integers(0, SIDE, 2)), axis=(0, 1))
    return np.ascontiguousarray(field.T if random.random() < 0.5 else field[::-1])


def _grid() -> tuple[Grey, Grey]:
    line = np.arange(SIDE, dtype=np.float32) / SIDE
    return np.meshgrid(line, line)[0], np.meshgrid(line, line)[1]


def _clouds(random: Random) -> Grey:
    return noise(random)


def _grain(random: Random) -> Grey:
    return noise(random, fine=True)


def _marble(random: Random) -> Grey:
    x, y = _grid()
    i, j = (int(k) for k in random.integers(0, 4, 2))
    waves = (i + 1) * x + j * y + random.uniform(0.3, 1.2) * noise(random)
    return np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * waves), np.float32)


def _stripes(random: Random) -> Grey:
    x, y = _grid()
    count = int(random.integers(3, 12))
    line = x if random.random() < 0.5 else y
    bands = ((line * count + 0.15 * noise(random)) % 1) > random.uniform(0.3, 0.7)
    return np.asarray(bands, np.float32)


def _checks(random: Random) -> Grey:
    x, y = _grid()
    count = 2 * int(random.integers(1, 5))
    squares = (np.floor(x * count) + np.floor(y * count)) % 2
    return np.asarray(0.75 * squares + 0.25 * noise(random), np.float32)


def _spots(random: Random) -> Grey:
    field = noise(random)
    return np.asarray(field > random.uniform(0.45, 0.65), np.float32)


def _bricks(random: Random) -> Grey:
    x, y = _grid()
    rows, columns = 2 * int(random.integers(3, 7)), int(random.integers(2, 5))
    row = np.floor(y * rows)
    along = (x * columns + 0.5 * (row % 2)) % columns
    joint = (((y * rows) % 1) < 0.12) | ((along % 1) < 0.06)
    shade = random.random((rows, columns))[row.astype(int) % rows, along.astype(int) % columns]
    return np.asarray(np.where(joint, 0.0, 0.35 + 0.65 * shade), np.float32)


def _planks(random: Random) -> Grey:
    x, y = _grid()
    count = int(random.integers(3, 9))
    shade = random.random(count)[np.floor(x * count).astype(int) % count]
    grain = np.roll(cv2.resize(noise(random)[::8], (SIDE, SIDE)), 7, axis=1)
    seam = ((x * count) % 1) < 0.04
    return np.asarray(np.where(seam, 0, 0.55 * shade + 0.45 * grain + 0 * y), np.float32)


def _patches(random: Random) -> Grey:
    x, y = _grid()
    points, shades = random.random((14, 2)), random.random(14)
    across = np.abs(x[..., None] - points[:, 0])
    down = np.abs(y[..., None] - points[:, 1])
    far = np.minimum(across, 1 - across) ** 2 + np.minimum(down, 1 - down) ** 2
    return np.asarray(shades[far.argmin(-1)], np.float32)


def windows(random: Random) -> Grey:
    """A house front: rows of darker windows with frames, on plaster."""
    x, y = _grid()
    columns, rows = int(random.integers(2, 5)), int(random.integers(2, 4))
    u, v = (x * columns) % 1, (y * rows) % 1
    window = (np.abs(u - 0.5) < 0.27) & (np.abs(v - 0.5) < 0.32)
    frame = (np.abs(u - 0.5) < 0.31) & (np.abs(v - 0.5) < 0.36) & ~window
    glass = random.random((rows, columns))[
        np.floor(y * rows).astype(int) % rows, np.floor(x * columns).astype(int) % columns
    ]
    wall = 0.45 + 0.3 * noise(random, fine=True)
    return np.asarray(np.where(window, 0.25 * glass, np.where(frame, 1.0, wall)), np.float32)


PATTERNS: dict[str, Callable[[Random], Grey]] = {
    "clouds": _clouds,
    "grain": _grain,
    "marble": _marble,
    "stripes": _stripes,
    "checks": _checks,
    "spots": _spots,
    "bricks": _bricks,
    "planks": _planks,
    "patches": _patches,
    "windows": windows,
}
"""By name; a scene asks for a pattern or lets chance choose."""

Palette = Float[np.ndarray, "colours 3"]


def palette(random: Random, *, hue: float, saturation: float, value: float) -> Palette:
    """Three or four colours around one; all in 0..1."""
    count = int(random.integers(3, 5))
    hues = (hue + random.normal(0, 0.05, count) + 0.45 * (random.random(count) < 0.15)) % 1
    saturations = np.clip(saturation * random.uniform(0.5, 1.3, count), 0, 0.95)
    values = np.clip(np.sort(value * random.uniform(0.35, 1.45, count)), 0.05, 0.98)
    hsv = np.stack([hues * 360, saturations, values], -1).astype(np.float32)[None]
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0], np.float64)


def paint(random: Random, pattern: str, colours: Palette) -> UInt8[np.ndarray, "side side 3"]:
    """A pattern in a palette, with fine grain so that no surface is flat."""
    field = PATTERNS[pattern](random)
    stops = np.linspace(0, 1, len(colours))
    image = np.stack([np.interp(field, stops, colours[:, c]) for c in range(3)], -1)
    grain = random.uniform(0.1, 0.3) * (noise(random, fine=True) - 0.5)
    wear = random.uniform(0.05, 0.25) * (noise(random) - 0.5)
    return np.asarray(np.clip(image * (1 + grain + wear)[..., None], 0, 1) * 255, np.uint8)


def silhouette(random: Random, *, side: int = 128) -> Float[np.ndarray, "side side"]:
    """A blob-like cut-out: a circle whose radius is a random periodic function, softened."""
    line = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(line, line)
    angle = np.arctan2(y, x)
    radius = np.full_like(angle, 0.62)
    for k in range(1, 7):
        radius += random.normal(0, 0.16 / k) * np.cos(k * angle + random.uniform(0, 2 * np.pi))
    edge = np.clip(radius, 0.25, 0.92) - np.hypot(x, y)
    return np.clip(0.5 + edge * side / 6, 0, 1).astype(np.float32)
