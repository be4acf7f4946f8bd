"""Flat things that move by themselves: cut from a canvas, kept with their opacity, drawn again."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.training.collages import Sources, paste_any
from vidmem.training.composites import Canvas, bars, place_figure
from vidmem.training.figures import Random
from vidmem.training.trajectories import Trajectory
from vidmem.types import Number

LEAST_PX = 60
"""Pixels of a thing: a smaller one is not there."""
TRIES = 4
SPREAD = 1.5
"""Pixels over which colours go on beyond an outline."""

Surface = Float32[np.ndarray, "rows columns 4"]
"""Colours times opacity, and opacity, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One thing of a moving collage."""

    surface: Surface
    pivot: tuple[float, float]
    """Column and row of the surface that follow the trajectory."""
    trajectory: Trajectory
    label: int
    """Whose pixels these are; 0 for what is not to be followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """What a layer shows."""

    surface: Surface
    pivot: tuple[float, float]

    def on(self, trajectory: Trajectory, label: int) -> Layer:
        """It, moving."""
        return Layer(self.surface, self.pivot, trajectory, label)

    def look_alike(self, random: Random) -> "Thing":
        """Mirrored, in a slightly other light."""
        light = np.append(np.exp(random.normal(0, 0.12, 3)), 1).astype(np.float32)
        mirrored = np.ascontiguousarray(self.surface[:, ::-1]) * light
        return Thing(mirrored, (self.surface.shape[1] - 1 - self.pivot[0], self.pivot[1]))


def any_thing(
    random: Random, sources: Sources, backdrop: Float32[np.ndarray, "rows columns 3"], size: float
) -> Thing | None:
    """A drawn thing, several together or a figure, ``size`` of the picture high; rarely nothing."""
    kind = random.choice(["one", "pair", "figure"], p=[0.4, 0.35, 0.25])
    harmony = random.uniform(0.3, 0.95) if random.random() < 0.75 else 0.0
    canvas = Canvas(random, backdrop.shape[:2])
    canvas.image[:] = backdrop
    middle = np.array(backdrop.shape[1::-1]) / 2
    if kind == "figure":
        for _ in range(TRIES):
            place_figure(random, canvas, 1, size)
            if (canvas.labels == 1).sum() >= LEAST_PX:
                break
        return _cut(canvas)
    paste_any(random, canvas, sources, 1, size, harmony, middle)
    for _ in range(int(random.integers(1, 3)) if kind == "pair" else 0):
        beside = middle + random.normal(0, 0.25, 2) * size * len(backdrop)
        paste_any(random, canvas, sources, 1, size * random.uniform(0.3, 0.9), harmony, beside)
    return _cut(canvas)


def any_bars(random: Random, size: tuple[int, int]) -> Thing:
    """Poles, fences and branches, to move in front of everything."""
    canvas = Canvas(random, size)
    bars(random, canvas, int(random.integers(1, 4)))
    opacity = (canvas.image > 0).any(-1, keepdims=True).astype(np.float32)
    surface = np.concatenate([canvas.image * opacity, opacity], -1)
    return Thing(surface, (size[1] / 2, size[0] / 2))


def _cut(canvas: Canvas) -> Thing | None:
    """What was drawn, with colours that go on beyond its outline: no backdrop comes along."""
    inside = canvas.labels == 1
    if inside.sum() < LEAST_PX:
        return None
    inner = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8))
    solid = (inner if inner.any() else inside)[..., None].astype(np.float32)
    weight = cv2.GaussianBlur(solid, (0, 0), SPREAD)[..., None]
    beyond = cv2.GaussianBlur(canvas.image * solid, (0, 0), SPREAD) / np.maximum(weight, 1e-3)
    colours = np.where(solid > 0, canvas.image, beyond)
    opacity = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.6)[..., None]
    rows, columns = np.nonzero(inside)
    surface = np.concatenate([colours * opacity, opacity], -1).astype(np.float32)
    return Thing(surface, (float(columns.mean()), float(rows.mean())))


def draw(
    picture: Float32[np.ndarray, "height width 3"],
    labels: UInt8[np.ndarray, "height width"],
    layer: Layer,
    frame: Number,
) -> Float32[np.ndarray, "height width 3"]:
    """The picture with the layer in front, where it is at ``frame``; ``labels`` are written to."""
    columns, rows = layer.trajectory.sources(frame, layer.pivot, labels.shape)
    drawn = cv2.remap(layer.surface, columns, rows, cv2.INTER_LINEAR)
    opacity, colours = drawn[..., 3:], drawn[..., :3]
    labels[opacity[..., 0] > 0.5] = layer.label
    return np.asarray(picture * (1 - opacity) + colours)
