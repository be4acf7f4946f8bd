"""What stands in an inhabited room: pieces made of boxes, cylinders and balls, and their skins.

Every piece is built around its own origin on the floor: x along the wall it leans on, y down, and
its back at z = 0, so that it reaches to negative z, into the room. Sizes in metres.
"""

import cv2
import numpy as np

from vidmem.training.objects import Random, Wardrobe
from vidmem.training.scene import Number, Part, Skin, at, scaling, turning
from vidmem.training.textures import PATTERNS, SIDE, noise, paint, palette

Parts = tuple[Part, ...]
PAINTED = 0.62
"""Share of surfaces in one plain colour, as most things people make are."""


def any_skin(random: Random, wardrobe: Wardrobe, *, painted: Number = PAINTED) -> Skin:
    """A plain colour with a little unevenness, or a pattern."""
    hue, value = float(random.random()), float(random.uniform(0.05, 0.98))
    saturation = float(random.beta(0.8, 1.8))
    if random.random() < painted:
        hsv = np.array([[[hue * 360, saturation, value]]], np.float32)
        colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] * 255
        uneven = 1 + random.uniform(0, 0.12) * (noise(random) - 0.5)
        texture = np.clip(uneven[..., None] * colour, 0, 255).astype(np.uint8)
        return wardrobe.add(texture.reshape(SIDE, SIDE, 3), tiles_per_m=0.4)
    colours = palette(random, hue=hue, saturation=saturation, value=value)
    texture = paint(random, str(random.choice(list(PATTERNS))), colours)
    return wardrobe.add(texture, tiles_per_m=float(random.uniform(0.3, 2.5)))


def block(
    skin: Skin, size: tuple[Number, Number, Number], x: Number, low: Number, z: Number
) -> Part:
    """A box by its full size, the middle of its foot at x, ``low`` above the floor, z."""
    width, height, depth = size
    place = at(x, -low - height / 2, z)
    return Part("box", place @ scaling(width / 2, height / 2, depth / 2), (skin,))


def tube(skin: Skin, radius: Number, height: Number, x: Number, low: Number, z: Number) -> Part:
    """An upright cylinder."""
    return Part(
        "cylinder", at(x, -low - height / 2, z) @ scaling(radius, height / 2, radius), (skin,)
    )


def clutter(random: Random, wardrobe: Wardrobe, area: tuple[Number, Number], low: Number) -> Parts:
    """Small things on a surface of width and depth ``area`` whose back is at z = 0."""
    parts: list[Part] = []
    for _ in range(int(random.integers(0, 7))):
        x = random.uniform(-0.45, 0.45) * area[0]
        z = -random.uniform(0.15, 0.85) * area[1]
        skin = any_skin(random, wardrobe) if len(parts) < 4 else parts[-1].skins[0]
        kind = random.integers(4)
        if kind == 0:
            parts.append(
                tube(skin, random.uniform(0.03, 0.1), random.uniform(0.06, 0.3), x, low, z)
            )
        elif kind == 1:
            sheet = (
                random.uniform(0.15, 0.35),
                random.uniform(0.005, 0.03),
                random.uniform(0.15, 0.3),
            )
            turned = turning("y", random.uniform(0, 3, 1))
            flat = block(skin, sheet, 0, low, 0)
            parts.append(Part("box", at(x, 0, z) @ turned @ flat.local, (skin,)))
        else:
            size = tuple(random.uniform(0.05, 0.35, 3))
            parts.append(block(skin, (size[0], size[1], min(size[2], area[1] / 2)), x, low, z))
    return tuple(parts)


def counter(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """A kitchen or laboratory bench: body, top, things on it, perhaps cupboards above."""
    front, top = any_skin(random, wardrobe, painted=0.9), any_skin(random, wardrobe)
    high, deep = random.uniform(0.7, 0.95), random.uniform(0.45, 0.75)
    parts = [
        block(front, (width, high, deep - 0.03), 0, 0, -deep / 2),
        block(top, (width + 0.02, 0.04, deep), 0, high, -deep / 2),
    ]
    if random.random() < 0.5:
        low, over = random.uniform(1.3, 1.55), width * random.uniform(0.5, 1)
        tall = random.uniform(0.4, 0.9)
        parts.append(block(front, (over, tall, 0.35), (width - over) / 2, low, -0.18))
    return (*parts, *clutter(random, wardrobe, (width, deep), high + 0.04))


def cupboards(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """Tall ones side by side, with dark seams between their doors and small handles."""
    front, seam = any_skin(random, wardrobe, painted=0.9), any_skin(random, wardrobe, painted=1)
    high, deep = random.uniform(1.0, 2.4), random.uniform(0.3, 0.65)
    parts = [block(front, (width, high, deep), 0, 0, -deep / 2)]
    doors = max(1, round(width / 0.6))
    for door in range(doors):
        x = (door / doors - 0.5) * width
        parts.append(block(seam, (0.012, high, 0.01), x, 0, -deep))
        grip = (0.02, random.uniform(0.1, 0.25), 0.03)
        parts.append(block(seam, grip, x + 0.08, high * 0.5, -deep - 0.01))
    return tuple(parts)


def shelf(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """Open boards with rows of books or boxes."""
    wood, deep = any_skin(random, wardrobe), random.uniform(0.22, 0.4)
    rows = int(random.integers(2, 6))
    step = random.uniform(0.3, 0.42)
    parts = [block(wood, (0.03, rows * step, deep), s * width / 2, 0, -deep / 2) for s in (-1, 1)]
    for row in range(rows + 1):
        parts.append(block(wood, (width, 0.025, deep), 0, row * step, -deep / 2))
    for row in range(rows):
        share, books = random.uniform(0.2, 0.95), any_skin(random, wardrobe, painted=0.3)
        x = random.uniform(-0.5, 0.5) * (1 - share) * width
        size = (share * width, random.uniform(0.4, 0.85) * step, deep * random.uniform(0.5, 0.9))
        parts.append(block(books, size, x, row * step + 0.02, -deep * 0.55))
    return tuple(parts)


def table(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """A table or a desk with things on it; a screen on some."""
    wood, deep = any_skin(random, wardrobe), random.uniform(0.5, 0.95)
    high, leg = random.uniform(0.4, 0.8), random.uniform(0.03, 0.09)
    parts = [block(wood, (width, random.uniform(0.02, 0.06), deep), 0, high, -deep / 2)]
    for side in (-1, 1):
        for z in (-leg, leg - deep):
            parts.append(block(wood, (leg, high, leg), side * (width / 2 - leg), 0, z))
    if random.random() < 0.4:
        dark = any_skin(random, wardrobe, painted=1)
        parts.append(
            block(dark, (random.uniform(0.4, 0.7), 0.36, 0.03), 0, high + 0.15, -deep * 0.3)
        )
        parts.append(block(dark, (0.2, 0.15, 0.03), 0, high + 0.04, -deep * 0.3))
    return (*parts, *clutter(random, wardrobe, (width, deep), high + 0.05))


def chair(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """Four legs or one, a seat and a back of bars."""
    wood, wide, high = any_skin(random, wardrobe), min(width, 0.48), random.uniform(0.4, 0.5)
    parts = [block(wood, (wide, 0.05, wide), 0, high, -wide / 2)]
    if random.random() < 0.6:
        legs = [(s * wide * 0.45, z) for s in (-1, 1) for z in (-0.03, 0.03 - wide)]
        parts += [block(wood, (0.04, high, 0.04), x, 0, z) for x, z in legs]
    else:
        parts.append(tube(wood, 0.035, high, 0, 0, -wide / 2))
        parts.append(tube(wood, wide * 0.5, 0.06, 0, 0, -wide / 2))
    back = random.uniform(0.3, 0.55)
    for low in np.linspace(0.1, back, int(random.integers(1, 5))):
        parts.append(block(wood, (wide, random.uniform(0.05, 0.12), 0.03), 0, high + low, -0.02))
    posts = [block(wood, (0.04, back + 0.1, 0.03), s * wide * 0.45, high, -0.02) for s in (-1, 1)]
    return (*parts, *posts)


def sofa(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """A seat, a back and two arms, rounded by cylinders; cushions."""
    cloth, wide = any_skin(random, wardrobe), max(0.8, min(width, 2.2))
    seat, high, deep = (
        random.uniform(0.35, 0.5),
        random.uniform(0.65, 0.95),
        random.uniform(0.7, 1.0),
    )
    parts = [
        block(cloth, (wide, seat, deep), 0, 0, -deep / 2),
        block(cloth, (wide, high, 0.2), 0, 0, -0.1),
    ]
    for side in (-1, 1):
        parts.append(block(cloth, (0.16, seat + 0.2, deep), side * wide / 2, 0, -deep / 2))
    other = any_skin(random, wardrobe)
    for _ in range(int(random.integers(0, 3))):
        place = at(random.uniform(-0.3, 0.3) * wide, -seat - 0.2, -0.3)
        parts.append(Part("ball", place @ scaling(0.24, 0.2, 0.12), (other,)))
    return tuple(parts)


def plant(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """A pot and long leaves."""
    pot, leaf = any_skin(random, wardrobe, painted=0.9), any_skin(random, wardrobe)
    high, radius = random.uniform(0.2, 0.5), random.uniform(0.12, 0.25)
    parts = [tube(pot, radius, high, 0, 0, -radius)]
    for _ in range(int(random.integers(5, 14))):
        long = random.uniform(0.2, 0.55)
        lean = turning("y", random.uniform(0, 6.3, 1)) @ turning("z", random.uniform(0.1, 1.1, 1))
        place = at(0, -high - random.uniform(0, 0.5), -radius) @ lean @ at(0, -long, 0)
        parts.append(Part("ball", place @ scaling(0.06, long, 0.02), (leaf,)))
    return tuple(parts)


def on_the_wall(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """A door, a window, a poster or a board: nearly flat."""
    skin, frame = any_skin(random, wardrobe, painted=0.5), any_skin(random, wardrobe, painted=1)
    if random.random() < 0.4:
        door = (random.uniform(0.75, 1.0), random.uniform(1.95, 2.15), 0.04)
        rim = block(frame, (door[0] + 0.14, door[1] + 0.07, 0.03), 0, 0, 0)
        return (rim, block(skin, door, 0, 0, 0), block(frame, (0.12, 0.02, 0.1), 0.3, 1.0, -0.05))
    low, wide, tall = (
        random.uniform(0.7, 1.5),
        min(width, random.uniform(0.2, 1.6)),
        random.uniform(0.2, 1.1),
    )
    rim = block(frame, (wide + 0.06, tall + 0.06, 0.02), 0, low - 0.03, 0)
    return (rim, block(skin, (wide, tall, 0.03), 0, low, 0))


def pile(random: Random, wardrobe: Wardrobe, width: Number) -> Parts:
    """Boxes on the floor, one on the other."""
    low, parts = 0.0, []
    for _ in range(int(random.integers(1, 4))):
        size = (random.uniform(0.2, 0.7), random.uniform(0.1, 0.5), random.uniform(0.2, 0.6))
        turned = turning("y", random.uniform(-0.4, 0.4, 1))
        skin = any_skin(random, wardrobe)
        local = at(0, 0, -0.4) @ turned @ block(skin, size, 0, low, 0).local
        parts.append(Part("box", local, (skin,)))
        low += size[1]
    return tuple(parts)
