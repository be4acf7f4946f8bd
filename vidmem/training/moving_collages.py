"""Made-up videos of flat things that move, bend, hide each other and look alike; exact masks.

The moving form of :mod:`.collages`. The world of :mod:`.world` has space and light; here are more
outlines, real texture and clutter, and each video takes seconds.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.training.collages import Sources, clutter, view
from vidmem.training.composites import Canvas, ground
from vidmem.training.effects import compress
from vidmem.training.figures import Random
from vidmem.training.layers import Layer, Thing, any_bars, any_thing, draw
from vidmem.training.trajectories import Manner, Trajectory, smooth, trajectory

SIZE = (240, 432)
GROUND = (320, 576)
"""Rows and columns of the ground, larger than the picture."""
ROOMS, PHOTOGRAPHS = 0.35, 0.45
"""Shares of the grounds; the rest is drawn."""
CLUTTERED = 0.75
ALONE = 0.6
"""Share of the videos with one object; the others have two."""
LOOK_ALIKE, LIMB, BARS, PASSER_BY = 0.4, 0.6, 0.4, 0.3
"""Chances: of each object, of each object, of each video, of each video."""
BLURRED = 0.5

Picture = Float32[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A video and whose pixel each is."""

    images: UInt8[np.ndarray, "frames height width 3"]
    labels: UInt8[np.ndarray, "frames height width"]
    """Objects from 1; 0 for ground, clutter, look-alikes and what passes in front."""


@dataclass(frozen=True, slots=True, eq=False)
class _Mover:
    """One object and what is needed to put others beside it."""

    thing: Thing
    trajectory: Trajectory
    label: int
    size: float
    """Pixels."""


def moving_collage(seed: int, sources: Sources, *, frames: int = 20) -> Footage:
    """The video of this seed: always the same for the same sources."""
    random = np.random.default_rng([seed, 77])
    ground_image = _ground(random, sources)
    under = Layer(
        np.pad(ground_image, ((0, 0), (0, 0), (0, 1)), constant_values=1),
        (GROUND[1] / 2, GROUND[0] / 2),
        _camera(random, frames),
        0,
    )
    top, left = (GROUND[0] - SIZE[0]) // 2, (GROUND[1] - SIZE[1]) // 2
    backdrop = ground_image[top : top + SIZE[0], left : left + SIZE[1]]
    movers: list[_Mover] = []
    for label in range(1, 2 if random.random() < ALONE else 3):
        movers += _mover(random, sources, backdrop, label, frames)
    layers: list[Layer] = []
    for mover in movers:
        layers += _with_company(random, sources, backdrop, mover, frames)
    layers += _in_front(random, sources, backdrop, movers, frames)
    return _filmed(random, under, layers, frames)


def _ground(random: Random, sources: Sources) -> Picture:
    canvas = Canvas(random, GROUND)
    kind = random.random()
    if kind < ROOMS:
        room = sources.rooms[int(random.integers(len(sources.rooms)))]
        canvas.image[:] = view(random, room, GROUND)
    elif kind < ROOMS + PHOTOGRAPHS:
        photograph = sources.photographs[int(random.integers(len(sources.photographs)))]
        canvas.image[:] = view(random, photograph, GROUND)
    else:
        ground(random, canvas)
    if random.random() < CLUTTERED:
        clutter(random, canvas, sources)
    return canvas.image


def _camera(random: Random, frames: int) -> Trajectory:
    """A pan, mostly sideways."""
    across, down = random.normal(size=2)
    velocity = across * np.exp(random.uniform(-1.5, 1.6)), down * np.exp(random.uniform(-2.2, 0.3))
    manner = Manner(
        velocity,
        sway=random.uniform(0, 4),
        zoom=random.normal(0, 0.006),
        turn=random.uniform(0, 0.02),
        size=300,
        bend=random.uniform(0, 0.006),
    )
    return trajectory(random, frames, (SIZE[1] / 2, SIZE[0] / 2), manner)


def _mover(
    random: Random, sources: Sources, backdrop: Picture, label: int, frames: int
) -> list[_Mover]:
    share = float(np.exp(random.uniform(-1.6, -0.1)))
    thing = any_thing(random, sources, backdrop, share)
    if thing is None:
        return []
    speed = np.exp(random.uniform(-1.5, 1.8))
    velocity = random.normal(size=2) * (speed, 0.35 * speed)
    height, width = SIZE
    start = np.array([random.uniform(0.25, 0.75) * width, random.uniform(0.3, 0.7) * height])
    start -= 0.3 * frames * velocity
    start = start.clip([0.12 * width, 0.15 * height], [0.88 * width, 0.85 * height])
    manner = Manner(
        (velocity[0], velocity[1]),
        sway=random.uniform(0, 12),
        zoom=random.normal(0, 0.015),
        turn=random.uniform(0, 0.35),
        size=share * height,
        bend=random.uniform(0, 0.06),
    )
    course = trajectory(random, frames, (start[0], start[1]), manner)
    return [_Mover(thing, course, label, share * height)]


def _with_company(
    random: Random, sources: Sources, backdrop: Picture, mover: _Mover, frames: int
) -> list[Layer]:
    """A look-alike behind it, itself, a limb that swings before it."""
    layers = []
    size, x, y = mover.size, mover.trajectory.x, mover.trajectory.y
    if random.random() < LOOK_ALIKE:
        velocity = random.normal(size=2) * (2, 0.6)
        away = random.normal(size=2) * (1.3 * size + 20, 0.4 * size) - 0.5 * frames * velocity
        manner = Manner((velocity[0], velocity[1]), random.uniform(0, 8), 0.0, 0.15, size, 0.03)
        course = trajectory(random, frames, (x[0] + away[0], y[0] + away[1]), manner)
        layers.append(mover.thing.look_alike(random).on(course, 0))
    layers.append(mover.thing.on(mover.trajectory, mover.label))
    limb = any_thing(random, sources, backdrop, size / SIZE[0] * random.uniform(0.25, 0.5))
    if limb is not None and random.random() < LIMB:
        manner = Manner((0, 0), 0.12 * size, 0.0, random.uniform(0.1, 0.6), size, 0.03)
        swing = trajectory(random, frames, (0, 0), manner)
        at = random.normal(size=2) * 0.25 * size
        course = Trajectory(
            x + at[0] * mover.trajectory.scale + swing.x,
            y + at[1] * mover.trajectory.scale + swing.y,
            mover.trajectory.scale,
            swing.angle,
            swing.ripples,
        )
        layers.append(limb.on(course, mover.label))
    return layers


def _in_front(
    random: Random, sources: Sources, backdrop: Picture, movers: list[_Mover], frames: int
) -> list[Layer]:
    """What passes between the camera and the objects."""
    layers = []
    if random.random() < BARS:
        velocity = random.normal(size=2) * (2.5, 0.4)
        manner = Manner((velocity[0], velocity[1]), sway=3)
        course = trajectory(random, frames, (SIZE[1] / 2, SIZE[0] / 2), manner)
        layers.append(any_bars(random, SIZE).on(course, 0))
    passer_by = any_thing(random, sources, backdrop, random.uniform(0.15, 0.6))
    if movers and passer_by is not None and random.random() < PASSER_BY:
        speed = random.choice([-1, 1]) * np.exp(random.uniform(0, 1.8))
        first = movers[0].trajectory
        start = first.x[0] - speed * frames * random.uniform(0.3, 0.9), first.y[0]
        manner = Manner((speed, random.normal(0, 0.5)), 3, 0.0, 0.1, 0.3 * SIZE[0], 0.02)
        layers.append(passer_by.on(trajectory(random, frames, start, manner), 0))
    return layers


def _filmed(random: Random, under: Layer, layers: list[Layer], frames: int) -> Footage:
    """An open shutter, light that changes, noise and compression."""
    shutter = random.uniform(0.2, 0.8) if random.random() < BLURRED else 0.0
    moments = (-shutter / 2, shutter / 2, 0.0) if shutter else (0.0,)
    gain = np.exp(random.uniform(0, 0.15) * smooth(random, frames))
    noise, quality = random.uniform(0, 5), int(random.integers(55, 96))
    images, labels = [], []
    for frame in range(frames):
        light = np.zeros((*SIZE, 3), np.float32)
        for moment in moments:  # the middle last: its labels stay
            whose = np.zeros(SIZE, np.uint8)
            picture = light * 0
            for layer in (under, *layers):
                picture = draw(picture, whose, layer, frame + moment)
            light += picture / len(moments)
        grain = random.normal(0, noise, (*SIZE, 1)) + random.normal(0, noise / 2, (*SIZE, 3))
        taken = (gain[frame] * light + grain).clip(0, 255).astype(np.uint8)
        images.append(compress(taken, quality))
        labels.append(whose)
    return Footage(np.stack(images), np.stack(labels))
