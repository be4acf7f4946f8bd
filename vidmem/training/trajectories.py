"""How flat things move through a made-up video: places, sizes, turns, and how they bend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from vidmem.training.figures import Random
from vidmem.types import Number

SMOOTH_FRAMES = 12
"""Over which a random course keeps its direction."""
RIPPLES = 3
Curve = Float64[np.ndarray, " frames"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How much something moves. Lengths in pixels, turns in radians, per frame or in all."""

    velocity: tuple[Number, Number] = (0, 0)
    sway: Number = 0
    zoom: Number = 0
    """Growth of the logarithm of its size per frame."""
    turn: Number = 0
    size: Number = 100
    """Of the thing itself; ripples are as long."""
    bend: Number = 0
    """Height of the ripples, of its size."""


@dataclass(frozen=True, slots=True, eq=False)
class Ripple:
    """One travelling wave that bends a surface."""

    number: Float64[np.ndarray, " 2"]
    """Radians per pixel, across and down."""
    shift: Float64[np.ndarray, " 2"]
    phase: float
    speed: float
    """Radians per frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Where a thing's pivot is, and how it is turned, sized and bent there."""

    x: Curve
    y: Curve
    scale: Curve
    angle: Curve
    ripples: Sequence[Ripple] = ()

    def sources(
        self, frame: Number, pivot: tuple[float, float], size: tuple[int, int]
    ) -> tuple[Float32[np.ndarray, "rows columns"], Float32[np.ndarray, "rows columns"]]:
        """Column and row of the layer that each pixel of a picture of ``size`` comes from."""
        steps = np.arange(len(self.x))
        x, y, scale, angle = (
            float(np.interp(frame, steps, course))
            for course in (self.x, self.y, self.scale, self.angle)
        )
        rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
        across, down = columns - x, rows - y
        c, s = np.cos(angle) / scale, np.sin(angle) / scale
        left, top = c * across + s * down, c * down - s * across
        column, row = left + pivot[0], top + pivot[1]
        for ripple in self.ripples:
            turned = ripple.number[0] * left + ripple.number[1] * top
            wave = np.sin(turned + ripple.phase + ripple.speed * frame)
            column, row = column + ripple.shift[0] * wave, row + ripple.shift[1] * wave
        return column.astype(np.float32), row.astype(np.float32)


def trajectory(
    random: Random, frames: int, start: tuple[Number, Number], manner: Manner
) -> Trajectory:
    """A random one that begins at ``start`` (column, row) upright and in its own size."""
    steps = np.arange(frames)
    x = manner.velocity[0] * steps + manner.sway * smooth(random, frames)
    y = manner.velocity[1] * steps + 0.6 * manner.sway * smooth(random, frames)
    growth = manner.zoom * (steps / 2 + 2 * smooth(random, frames))
    angle = manner.turn * smooth(random, frames)
    ripples = tuple(_ripple(random, manner) for _ in range(RIPPLES)) if manner.bend else ()
    return Trajectory(
        x - x[0] + start[0],
        y - y[0] + start[1],
        np.exp(growth - growth[0]),
        angle - angle[0],
        ripples,
    )


def smooth(random: Random, frames: int) -> Curve:
    """Random numbers of spread 1 that change slowly."""
    window = np.hanning(2 * SMOOTH_FRAMES + 1)
    course = np.convolve(random.normal(size=frames + 4 * SMOOTH_FRAMES), window, "valid")
    return np.asarray((course / np.linalg.norm(window))[:frames])


def _ripple(random: Random, manner: Manner) -> Ripple:
    number, shift = random.normal(size=2), random.normal(size=2)
    length = manner.size * random.uniform(0.5, 1.6)
    return Ripple(
        number * 2 * np.pi / (np.linalg.norm(number) * length),
        shift * manner.bend * manner.size / np.linalg.norm(shift),
        random.uniform(0, 2 * np.pi),
        random.uniform(0.05, 0.5) * random.choice([-1, 1]),
    )
