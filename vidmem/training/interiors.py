"""Inhabited rooms seen from anywhere in them: pictures for depth from a single picture.

Unlike the rooms of :mod:`vidmem.training.places`, which give moving objects a stage, these are as
small and full as real ones, and the camera stands among the furniture and looks any way.
"""

from collections.abc import Callable

import numpy as np

from vidmem.training import furnishing as pieces
from vidmem.training.furnishing import Parts, any_skin, block
from vidmem.training.objects import MOVERS, Random, Wardrobe, any_look, grown
from vidmem.training.scene import (
    Body,
    CameraTrack,
    Grade,
    Light,
    Matrices,
    Number,
    Part,
    Scene,
    at,
    placing,
    scaling,
    turning,
)
from vidmem.training.textures import silhouette

AT_WALLS: tuple[Callable[[Random, Wardrobe, Number], Parts], ...] = (
    pieces.counter,
    pieces.counter,
    pieces.cupboards,
    pieces.cupboards,
    pieces.shelf,
    pieces.table,
    pieces.sofa,
    pieces.plant,
    pieces.pile,
    pieces.on_the_wall,
    pieces.on_the_wall,
)
FREE: tuple[Callable[[Random, Wardrobe, Number], Parts], ...] = (
    pieces.table,
    pieces.table,
    pieces.chair,
    pieces.chair,
    pieces.chair,
    pieces.plant,
    pieces.pile,
    pieces.sofa,
    pieces.counter,
)


def interior(random: Random, *, views: int) -> Scene:
    """A room with furniture and ``views`` unrelated cameras in it, one per frame."""
    wardrobe = Wardrobe()
    half_x, half_z = (float(random.uniform(1.4, 4.0)) for _ in range(2))
    height = float(random.uniform(2.2, 3.3))
    bodies = [_shell(random, wardrobe, (half_x, height / 2, half_z))]
    for turn, far, half in (
        (0, half_z, half_x),
        (1, half_x, half_z),
        (2, half_z, half_x),
        (3, half_x, half_z),
    ):
        wall = turning("y", np.array([turn * np.pi / 2])) @ at(0, 0, far)
        bodies += _along_wall(random, wardrobe, wall, half)
    bodies += _in_the_middle(random, wardrobe, (half_x, half_z), views)
    if random.random() < 0.45:
        bodies.append(_partition(random, wardrobe, (half_x, height, half_z)))
    towards = (
        float(random.uniform(-1, 1)),
        float(random.uniform(-1.5, -0.3)),
        float(random.uniform(-1, 1)),
    )
    plain = Grade(np.ones((views, 3)), 0.0, 0.0, 0.0, None)
    return Scene(
        bodies=tuple(bodies),
        camera=_cameras(random, (half_x, height, half_z), views),
        light=Light(towards, float(random.uniform(0.25, 0.7)), float("inf")),
        grade=plain,
        textures=np.stack(wardrobe.textures),
        silhouettes=np.stack(wardrobe.silhouettes or [silhouette(random)]),
    )


def _shell(random: Random, wardrobe: Wardrobe, half: tuple[float, float, float]) -> Body:
    wall, floor = any_skin(random, wardrobe, painted=0.75), any_skin(random, wardrobe, painted=0.35)
    ceiling = any_skin(random, wardrobe, painted=0.9)
    other = wall if random.random() < 0.6 else any_skin(random, wardrobe, painted=0.75)
    faces = (wall, other, ceiling, floor, wall, other)
    return Body(
        0, "place", at(0, 0, 0), (Part("room", at(0, -half[1], 0) @ scaling(*half), faces),)
    )


def _along_wall(random: Random, wardrobe: Wardrobe, wall: Matrices, half: float) -> list[Body]:
    """Pieces side by side, with gaps."""
    bodies, x = [], -half + random.uniform(0, 0.5)
    while x < half - 0.4:
        width = float(random.uniform(0.4, max(0.5, min(2.6, half - x))))
        build = AT_WALLS[int(random.integers(len(AT_WALLS)))]
        parts = build(random, wardrobe, width)
        bodies.append(Body(0, "furniture", wall @ at(x + width / 2, 0, 0), parts, 0.4))
        x += width + (random.uniform(0, 0.9) if random.random() < 0.6 else 0)
    return bodies


def _in_the_middle(
    random: Random, wardrobe: Wardrobe, half: tuple[float, float], views: int
) -> list[Body]:
    """Furniture that stands free, turned any way, and sometimes somebody."""
    bodies = []
    for _ in range(int(random.integers(1, 6))):
        x, z = random.uniform(-0.75, 0.75, 2) * half
        root = at(x, 0, z) @ turning("y", random.uniform(0, 6.3, 1))
        build = FREE[int(random.integers(len(FREE)))]
        parts = build(random, wardrobe, float(random.uniform(0.6, 1.8)))
        bodies.append(Body(0, "furniture", root, parts, 0.5))
    if random.random() < 0.35:
        name = str(random.choice(["ball", "crate", "blob", "walker", "beast"]))
        parts = MOVERS[name](random, wardrobe, any_look(random), views)
        x, z = random.uniform(-0.7, 0.7, 2) * half
        bodies.append(
            Body(0, name, at(x, 0, z), grown(parts, float(random.uniform(0.3, 1.6))), 0.4)
        )
    return bodies


def _partition(random: Random, wardrobe: Wardrobe, size: tuple[float, float, float]) -> Body:
    """A piece of wall that makes a passage, a corner or another room."""
    skin = any_skin(random, wardrobe, painted=0.85)
    long, thick = random.uniform(0.5, 1.2) * size[0], random.uniform(0.1, 0.7)
    wall = block(skin, (long, size[1], thick), 0, 0, 0)
    turn = turning("y", np.array([random.integers(2) * np.pi / 2]))
    x, z = random.uniform(-0.9, 0.9) * size[0], random.uniform(-0.8, 0.8) * size[2]
    return Body(0, "wall", at(x, 0, z) @ turn, (wall,))


def _cameras(random: Random, size: tuple[float, float, float], views: int) -> CameraTrack:
    """Heads of people, held phones and robots: most look a little down."""
    low = random.random(views) < 0.25
    place = np.stack(
        [
            random.uniform(-0.85, 0.85, views) * size[0],
            -np.minimum(
                np.where(low, random.uniform(0.3, 1.2, views), random.uniform(1.2, 1.9, views)),
                size[1] - 0.2,
            ),
            random.uniform(-0.85, 0.85, views) * size[2],
        ],
        -1,
    )
    pitch = np.clip(random.normal(0.25, 0.28, views), -0.35, 0.95) * np.where(low, 0.4, 1)
    rotation = (
        turning("y", random.uniform(0, 2 * np.pi, views))
        @ turning("x", -pitch)
        @ turning("z", random.normal(0, 0.09, views))
    )
    return CameraTrack(placing(place) @ rotation, random.uniform(0.55, 1.2, views))
