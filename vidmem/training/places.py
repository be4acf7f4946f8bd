"""Where clips happen: rooms with furniture, streets, open ground. All background, object id 0."""

from dataclasses import replace
from typing import Literal

import numpy as np

from vidmem.training.camera import standing
from vidmem.training.objects import Look, Wardrobe, any_look, dress, grown
from vidmem.training.scene import Body, Light, Number, Part, Skin, at, scaling, turning
from vidmem.training.textures import paint, palette

Random = np.random.Generator
Place = Literal["room", "street", "field"]


def build_place(
    random: Random, wardrobe: Wardrobe, place: Place, *, furniture: int
) -> tuple[list[Body], Light]:
    """The shell first (the renderer counts on it), then what stands around at its edges."""
    shell = {"room": _room, "street": _street, "field": _field}[place](random, wardrobe)
    builders = {
        "room": (_table, _shelf, _chair, _pole, _crate),
        "street": (_pole, _house, _tree, _crate, _fence),
        "field": (_tree, _tree, _fence, _pole, _rock),
    }[place]
    bodies = [shell]
    for _ in range(furniture):
        build = builders[int(random.integers(len(builders)))]
        far = random.uniform(6.5, 9.0) if place == "room" else random.uniform(10, 22)
        spread = 0.55 * far
        root = standing(random.uniform(-spread, spread), far, turn=random.uniform(0, 6.3))
        bodies.append(Body(0, "furniture", root, build(random, wardrobe), shadow_m=0.7))
    return bodies, _light(random, place)


def _light(random: Random, place: Place) -> Light:
    towards = (float(random.uniform(-1, 1)), -1.0, float(random.uniform(-1.2, -0.2)))
    haze = float("inf") if place == "room" else float(random.uniform(35, 150))
    return Light(towards, float(random.uniform(0.3, 0.6)), haze)


def _plain(random: Random, *, low: float = 0.25, high: float = 0.8) -> Look:
    look = any_look(random, vivid=0.22)
    hue = float(random.choice([0.06, 0.09, 0.11, 0.58, look.hue]))  # wood, earth, slate, paint
    return replace(look, hue=hue, value=float(random.uniform(low, high)))


def _surface(random: Random, wardrobe: Wardrobe, patterns: tuple[str, ...], tiles: float) -> Skin:
    if wardrobe.photographs and random.random() < 0.35:
        picture = wardrobe.photographs[int(random.integers(len(wardrobe.photographs)))]
        return wardrobe.add(picture, tiles_per_m=tiles * 0.7)
    look = _plain(random)
    colours = palette(random, hue=look.hue, saturation=look.saturation, value=look.value)
    pattern = str(random.choice(list(patterns)))
    return wardrobe.add(paint(random, pattern, colours), tiles_per_m=tiles)


def _shell(faces: tuple[Skin, ...], half: tuple[float, float, float], centre_z: float) -> Body:
    local = at(0, -half[1], centre_z) @ scaling(*half)
    return Body(0, "place", at(0, 0, 0), (Part("room", local, faces),))


def _room(random: Random, wardrobe: Wardrobe) -> Body:
    walls = ("clouds", "grain", "stripes", "bricks", "patches", "marble")
    floors = ("planks", "checks", "grain", "marble", "patches")
    tiles = float(random.uniform(0.25, 0.8))
    wall = _surface(random, wardrobe, walls, tiles)
    end = _surface(random, wardrobe, walls, tiles)
    floor = _surface(random, wardrobe, floors, float(random.uniform(0.3, 0.9)))
    ceiling = _surface(random, wardrobe, ("grain",), 0.5)
    half = (float(random.uniform(4, 7)), float(random.uniform(1.6, 2.4)), 7.0)
    return _shell((wall, wall, ceiling, floor, end, end), half, float(random.uniform(2.5, 4.5)))


def _sky(random: Random, wardrobe: Wardrobe) -> Skin:
    value = float(random.uniform(0.7, 0.95))
    colours = palette(random, hue=0.58, saturation=float(random.uniform(0.05, 0.4)), value=value)
    return wardrobe.add(paint(random, "clouds", np.sort(colours, 0)), tiles_per_m=0.012)


def _street(random: Random, wardrobe: Wardrobe) -> Body:
    sky = _sky(random, wardrobe)
    left, right, end = (_surface(random, wardrobe, ("windows", "bricks"), 0.13) for _ in range(3))
    floor = _surface(
        random, wardrobe, ("grain", "clouds", "bricks"), float(random.uniform(0.2, 0.5))
    )
    half = (float(random.uniform(8, 13)), 14.0, 32.0)
    return _shell((left, right, sky, floor, end, end), half, 20.0)


def _field(random: Random, wardrobe: Wardrobe) -> Body:
    sky = _sky(random, wardrobe)
    hue = float(random.choice([0.1, 0.14, 0.25, 0.3, 0.33]))
    colours = palette(random, hue=hue, saturation=0.45, value=float(random.uniform(0.3, 0.7)))
    ground = paint(random, str(random.choice(["grain", "clouds"])), colours)
    floor = wardrobe.add(ground, tiles_per_m=float(random.uniform(0.15, 0.45)))
    return _shell((sky, sky, sky, floor, sky, sky), (50.0, 25.0, 50.0), 30.0)


def _box(skin: Skin, half: tuple[Number, ...], x: Number, y: Number, z: Number) -> Part:
    return Part("box", at(x, y, z) @ scaling(*half), (skin,))


def _table(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    wood = dress(wardrobe, _plain(random))
    long, high = random.uniform(0.5, 0.9), random.uniform(0.6, 0.8)
    legs = [
        _box(wood, (0.03, high / 2, 0.03), i * (long - 0.05), -high / 2, j * 0.35)
        for i in (-1, 1)
        for j in (-1, 1)
    ]
    return (_box(wood, (long, 0.03, 0.4), 0, -high, 0), *legs)


def _chair(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    seat = _table(random, wardrobe)
    back = _box(seat[0].skins[0], (0.4, 0.4, 0.03), 0, -1.1, 0.37)
    return grown((*seat, back), 0.7)


def _shelf(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    wood, books = dress(wardrobe, _plain(random)), dress(wardrobe, any_look(random))
    boards = [_box(wood, (0.6, 0.025, 0.2), 0, -h, 0) for h in (0.1, 0.65, 1.2, 1.75)]
    rows = [
        _box(books, (random.uniform(0.2, 0.5), 0.18, 0.14), random.uniform(-0.1, 0.1), -h, 0)
        for h in (0.3, 0.85, 1.4)
    ]
    sides = [_box(wood, (0.025, 0.9, 0.2), s * 0.6, -0.9, 0) for s in (-1, 1)]
    return (*boards, *rows, *sides)


def _pole(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    skin, high = dress(wardrobe, _plain(random)), random.uniform(1.2, 2.2)
    pole = Part("cylinder", at(0, -high, 0) @ scaling(0.04, high, 0.04), (skin,))
    sign = _box(skin, (0.3, 0.22, 0.02), 0, -2 * high + 0.2, -0.05)
    return (pole, sign)


def _tree(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    bark = dress(wardrobe, Look(0.08, 0.35, 0.4, "grain", int(random.integers(1 << 30))))
    hue = float(random.uniform(0.18, 0.36))
    leaf = dress(
        wardrobe, Look(hue, 0.5, 0.45, "grain", int(random.integers(1 << 30)), tiles_per_m=0.7)
    )
    high = random.uniform(0.8, 1.6)
    parts = [Part("cylinder", at(0, -high, 0) @ scaling(0.12, high, 0.12), (bark,))]
    for _ in range(3):
        half = random.uniform(0.6, 1.2, 3)
        x, y, z = random.uniform(-0.6, 0.6), -2 * high - random.uniform(0, 0.8), 0.0
        parts.append(Part("ball", at(x, y, z) @ scaling(*half), (leaf,)))
    return tuple(parts)


def _house(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    front = _surface(random, wardrobe, ("windows",), 0.3)
    half = (random.uniform(1.5, 3), random.uniform(1.5, 3), 1.5)
    return (_box(front, half, 0, -half[1], 4.0),)


def _crate(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    half = tuple(random.uniform(0.2, 0.5, 3))
    return (_box(dress(wardrobe, any_look(random, vivid=0.4)), half, 0, -half[1], 0),)


def _rock(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    skin = dress(wardrobe, Look(0.1, 0.15, 0.5, "grain", int(random.integers(1 << 30))))
    return (Part("ball", at(0, -0.2, 0) @ scaling(*random.uniform(0.3, 0.9, 3)), (skin,)),)


def _fence(random: Random, wardrobe: Wardrobe) -> tuple[Part, ...]:
    wood = dress(wardrobe, _plain(random))
    posts = [_box(wood, (0.03, 0.5, 0.03), x, -0.5, 0) for x in np.linspace(-2, 2, 9)]
    return (
        *posts,
        _box(wood, (2.0, 0.03, 0.02), 0, -0.8, 0),
        _box(wood, (2, 0.03, 0.02), 0, -0.4, 0),
    )


def occluder(random: Random, wardrobe: Wardrobe, *, half_width_m: float) -> tuple[Part, ...]:
    """Something tall enough to hide what passes behind it: wall, pillar or hedge."""
    skin = dress(wardrobe, _plain(random))
    kind, high = random.integers(3), 1.6
    if kind == 0:
        return (_box(skin, (half_width_m, high, 0.1), 0, -high, 0),)
    if kind == 1:
        half = (half_width_m, high, half_width_m)
        return (Part("cylinder", at(0, -high, 0) @ scaling(*half), (skin,)),)
    turn = turning("y", np.array([random.uniform(-0.25, 0.25)]))
    return (Part("box", turn @ at(0, -high, 0) @ scaling(half_width_m, high, 0.35), (skin,)),)
