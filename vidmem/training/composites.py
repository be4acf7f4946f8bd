"""Flat pictures of figures on patchwork grounds, with exact masks: fast, and unlike each other.

Like dead leaves (Lee, Mumford and Huang, 2001): what is in front hides what is behind, and nothing
but that tells things apart. The world of :mod:`.world` has light and perspective; here are more
outlines, more clutter and more kinds of surface per second.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.training.figures import Outline, Random, blob, figure, quad
from vidmem.training.photographs import photographs
from vidmem.training.textures import PATTERNS, paint, palette

SIZE = (168, 224)
TEXTURES = 160
PHOTOGRAPH_VIEWS = 8
"""Differently tinted copies of every photograph."""
FINE = 16
"""Fractions of a pixel in which outlines are drawn."""
Picture = Float32[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """One picture and whose pixel each is."""

    image: UInt8[np.ndarray, "height width 3"]
    labels: UInt8[np.ndarray, "height width"]
    """Figures from 1; 0 for ground, clutter and what hides figures."""


@lru_cache(maxsize=1)
def _textures() -> tuple[UInt8[np.ndarray, "side side 3"], ...]:
    random = np.random.default_rng(11)
    names = list(PATTERNS)
    made = []
    for _ in range(TEXTURES):
        colours = palette(
            random,
            hue=random.random(),
            saturation=float(np.clip(random.normal(0.35, 0.25), 0, 0.95)),
            value=float(random.uniform(0.15, 0.9)),
        )
        made.append(paint(random, str(random.choice(names)), colours))
    for photograph in photographs():
        for _ in range(PHOTOGRAPH_VIEWS):
            tint = np.exp(random.normal(0, 0.35) + random.normal(0, 0.15, 3))
            made.append(np.clip(photograph * tint, 0, 255).astype(np.uint8))
    return tuple(made)


class Canvas:
    """A picture in the making."""

    def __init__(self, random: Random, size: tuple[int, int] = SIZE) -> None:
        self.image: Picture = np.zeros((*size, 3), np.float32)
        self.labels = np.zeros(size, np.uint8)
        self._random = random

    def material(self, like: np.ndarray | None = None) -> Picture:
        """A surface over the whole picture: smooth or textured; of a given colour or any."""
        random = self._random
        height, width = self.labels.shape
        texture = _textures()[int(random.integers(len(_textures())))]
        scale, turn = np.exp(random.uniform(-1.2, 0.9)), random.uniform(0, 6.3)
        c, s = scale * np.cos(turn), scale * np.sin(turn)
        matrix = np.array([[c, -s, random.uniform(0, 256)], [s, c, random.uniform(0, 256)]])
        surface = cv2.warpAffine(
            texture,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        ).astype(np.float32)
        mean = surface.mean((0, 1))
        wanted = mean if like is None else like
        contrast = random.uniform(0.0, 1.0) ** (0.5 if random.random() < 0.5 else 2.0)
        return np.asarray(wanted + contrast * (surface - mean), np.float32)

    def fill(self, outline: Outline, surface: Picture, label: int | None) -> None:
        """Paint one outline (pixels); ``None`` as label leaves the labels as they are."""
        mask = np.zeros(self.labels.shape, np.uint8)
        points = np.round(outline * FINE).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
        left, top, width, height = cv2.boundingRect(mask)
        part = np.s_[top : top + height, left : left + width]
        alpha = mask[part][..., None].astype(np.float32) / 255
        self.image[part] += alpha * (
            surface[part] * self._shade((height, width)) - self.image[part]
        )
        if label is not None:
            self.labels[part][mask[part] > 127] = label

    def _shade(self, size: tuple[int, int]) -> Float32[np.ndarray, "rows columns 1"]:
        """Light that falls from a side."""
        across, down = self._random.normal(0, 0.2, 2)
        y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
        return np.asarray(np.clip(1 + across * x + down * y, 0.3, 1.7)[..., None], np.float32)


def composite(seed: int) -> Composite:
    """The picture of this seed: always the same."""
    random = np.random.default_rng([seed, 13])
    canvas = Canvas(random)
    ground(random, canvas)
    for _ in range(int(random.integers(0, 7))):
        place_figure(random, canvas, 0, float(np.exp(random.uniform(-2.6, -0.4))))
    bars(random, canvas, int(random.poisson(1.2)))
    count = int(random.integers(1, 4))
    for number in range(1, count + 1):
        place_figure(random, canvas, number, float(np.exp(random.uniform(-1.7, 0.0))))
    if random.random() < 0.35:
        bars(random, canvas, int(random.integers(1, 4)))
    return Composite(canvas.image.clip(0, 255).astype(np.uint8), canvas.labels)


def ground(random: Random, canvas: Canvas) -> None:
    height, width = canvas.labels.shape
    whole = quad(width / 2, height / 2, width, height)
    canvas.fill(whole, canvas.material(), 0)
    for _ in range(int(random.integers(0, 4))):  # strips to the sides, as walls, hedges, water
        line = random.uniform(0.1, 0.95) * height
        rough = np.cumsum(random.normal(0, random.uniform(0, 5), 24))
        top = np.stack([np.linspace(-1, width + 1, 24), line + rough - rough.mean()], 1)
        corners = np.array([[width + 1, height + 1], [-1, height + 1]], float)
        canvas.fill(np.concatenate([top, corners]), canvas.material(), 0)
    for _ in range(int(random.integers(0, 6))):
        size = random.uniform(0.08, 0.5) * height
        place = random.uniform(0, 1, 2) * (width, height)
        shape = (
            blob(random, size)
            if random.random() < 0.5
            else quad(0, 0, size, size * random.uniform(0.2, 1.5))
        )
        canvas.fill(shape + place, canvas.material(), 0)


def bars(random: Random, canvas: Canvas, count: int) -> None:
    """Poles, fences and branches across the picture; they hide what is there."""
    height, width = canvas.labels.shape
    surface = canvas.material()
    for _ in range(count):
        x, slant = random.uniform(0, width), random.normal(0, 0.2) * height
        bar = quad(x, height / 2, random.uniform(0.7, 9), height * random.uniform(0.3, 0.7), slant)
        if random.random() < 0.3:
            bar = bar[:, ::-1] * (width / height, height / width)
        surface = surface if random.random() < 0.6 else canvas.material()
        canvas.fill(bar, surface, 0)


def place_figure(random: Random, canvas: Canvas, label: int, size: float) -> None:
    """A figure ``size`` of the picture high; its shadow; sometimes in colours of what is behind."""
    height, width = canvas.labels.shape
    parts = figure(random)
    place = random.uniform(0.08, 0.92, 2) * (width, height)
    scale = size * height
    if random.random() < 0.4:
        shadow = quad(0, 0.45, 0.5, 0.06, random.normal(0, 0.3)) * scale + place
        canvas.fill(shadow, canvas.image * random.uniform(0.4, 0.9), None)
    column, row = (int(np.clip(v, 0, n - 1)) for v, n in zip(place, (width, height), strict=True))
    behind = canvas.image[max(0, row - 6) : row + 7, max(0, column - 6) : column + 7].mean((0, 1))
    count = 1 + max(material for _, material in parts)
    plain = random.random() < 0.3
    main = canvas.material()
    surfaces = []
    for _ in range(count):
        hidden = behind * np.exp(random.normal(0, 0.2, 3)) if random.random() < 0.1 else None
        near = main.mean((0, 1)) * np.exp(random.normal(0, 0.2) + random.normal(0, 0.05, 3))
        surfaces.append(canvas.material(near if plain and hidden is None else hidden))
    for outline, material in parts:
        canvas.fill(outline * scale + place, surfaces[material], label)
