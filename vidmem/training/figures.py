"""Flat figures of polygons: people, animals, vehicles and things that look like nothing.

Every builder returns the outlines of a figure's parts, back to front, about one unit high around
the origin (x right, y down), and which of the figure's materials each part is made of.
"""

import itertools
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vidmem.training.scene import Number

Random = np.random.Generator
Outline = Float[np.ndarray, "points 2"]
Parts = list[tuple[Outline, int]]
CORNERS = 20


def ellipse(x: Number, y: Number, across: Number, down: Number, turn: Number = 0.0) -> Outline:
    """Half axes ``across`` and ``down``, turned by ``turn`` radians."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    points = np.stack([across * np.cos(angle), down * np.sin(angle)], 1)
    c, s = np.cos(turn), np.sin(turn)
    turned: Outline = points @ np.array([[c, s], [-s, c]]) + (x, y)
    return turned


def limb(start: np.ndarray, end: np.ndarray, thick: Number, thin: Number) -> Outline:
    """A rounded bar that tapers from ``thick`` to ``thin`` (half widths)."""
    along = np.arctan2(*(end - start)[::-1])
    half = np.linspace(np.pi / 2, 3 * np.pi / 2, CORNERS // 2) + along
    near = start + thick * np.stack([np.cos(half), np.sin(half)], 1)
    far = end - thin * np.stack([np.cos(half), np.sin(half)], 1)
    return np.concatenate([near, far])


def blob(random: Random, size: Number) -> Outline:
    """A circle whose radius is a random periodic function."""
    angle = np.linspace(0, 2 * np.pi, 2 * CORNERS, endpoint=False)
    radius = np.ones_like(angle)
    for k in range(1, 6):
        radius += random.normal(0, 0.3 / k) * np.cos(k * angle + random.uniform(0, 6.3))
    radius = size * np.clip(radius, 0.3, 1.8)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def quad(x: Number, y: Number, across: Number, down: Number, slant: Number = 0.0) -> Outline:
    """Four corners; the upper two moved by ``slant``."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    points = corners * (across, down) + (x, y)
    points[:2, 0] += slant
    return points


def _towards(start: np.ndarray, angle: Number, length: Number) -> np.ndarray:
    there: np.ndarray = start + length * np.array([np.sin(angle), np.cos(angle)])
    return there


def _jointed(
    random: Random, start: np.ndarray, angle: Number, length: Number, thick: Number
) -> tuple[list[Outline], np.ndarray]:
    middle = _towards(start, angle, 0.5 * length)
    end = _towards(middle, angle + random.normal(0, 0.5), 0.5 * length)
    upper, lower = (
        limb(start, middle, thick, 0.8 * thick),
        limb(middle, end, 0.8 * thick, 0.6 * thick),
    )
    return [upper, lower], end


def person(random: Random) -> Parts:
    """Materials: 0 top, 1 legs, 2 skin, 3 hair, 4 shoes and what is held."""
    lean, wide = random.normal(0, 0.2), random.uniform(0.75, 1.3)
    hip = np.array([0.0, 0.02])
    neck = _towards(hip, np.pi - lean, random.uniform(0.26, 0.34))
    head = _towards(neck, np.pi - lean, 0.085)
    legs, arms = _legs(random, hip, wide), _arms(random, neck, wide)
    torso = limb(hip, np.add(neck, (0, 0.03)), 0.075 * wide, 0.085 * wide)
    corners = np.array([[-0.06, 0.0], [0.06, 0.0], [0.2, 0.24], [-0.2, 0.24]])
    skirt: Parts = [(corners, 0)] if random.random() < 0.2 else []
    top = [
        (ellipse(head[0], head[1], 0.055, 0.075, lean), 2),
        (ellipse(head[0], head[1] - 0.03, 0.06, 0.05), 3),
    ]
    hair = [(limb(head, _towards(head, random.normal(0, 0.6), 0.15), 0.05, 0.03), 3)]
    behind = hair if random.random() < 0.4 else []
    half = len(arms) // 2
    return [*arms[:half], *legs, *behind, (torso, 0), *skirt, *top, *arms[half:]]


def _legs(random: Random, hip: np.ndarray, wide: float) -> Parts:
    parts: Parts = []
    for side in (-1, 1):
        swing, start = random.normal(0.08 * side, 0.4), np.add(hip, (0.03 * side, 0))
        links, foot = _jointed(random, start, swing, random.uniform(0.38, 0.48), 0.05 * wide)
        bare = random.random() < 0.25
        parts += [(links[1], 2 if bare else 1), (links[0], 1)]
        parts.append((ellipse(foot[0] + 0.02, foot[1], 0.05, 0.025), 4))
    return parts


def _arms(random: Random, neck: np.ndarray, wide: float) -> Parts:
    parts: Parts = []
    for side in (-1, 1):
        start = np.add(neck, (0.07 * side * wide, 0.03))
        links, hand = _jointed(random, start, random.normal(0, 0.9), 0.34, 0.032)
        sleeve = random.random() < 0.5
        parts += [
            (links[0], 0),
            (links[1], 0 if sleeve else 2),
            (ellipse(hand[0], hand[1], 0.022, 0.022), 2),
        ]
        if random.random() < 0.2:
            tip = _towards(hand, random.uniform(-2, 2), random.uniform(0.1, 0.5))
            parts.append((limb(hand, tip, 0.012, random.uniform(0.008, 0.04)), 4))
    return parts


def beast(random: Random) -> Parts:
    """Materials: 0 and 1 coat, 2 legs and head, 3 details. Dogs, horses, long-legged birds."""
    long, legs = random.uniform(0.25, 0.5), random.uniform(0.25, 0.6)
    thick = random.uniform(0.012, 0.05)
    parts: Parts = []
    feet = (-0.8, -0.6, 0.6, 0.8) if random.random() < 0.7 else (-0.1, 0.1)
    for x in feet:
        links, foot = _jointed(
            random, np.array([x * long, 0.05]), random.normal(0, 0.4), legs, thick
        )
        parts += [(link, 2 if random.random() < 0.5 else 0) for link in links]
        parts.append((ellipse(foot[0], foot[1], 1.3 * thick, thick), 3))
    tail = _towards(np.array([-long, -0.05]), random.uniform(-2.5, -0.5), random.uniform(0.1, 0.4))
    parts.append((limb(np.array([-0.9 * long, -0.05]), tail, 0.03, 0.02), 1))
    parts.append((ellipse(0, 0, long, random.uniform(0.12, 0.22), random.normal(0, 0.15)), 0))
    if random.random() < 0.5:
        spot = blob(random, 0.1) + random.uniform(-0.5, 0.5, 2) * (long, 0.15)
        parts.append((spot, 1))
    base = np.array([0.85 * long, -0.06])
    bend = _towards(base, random.uniform(1.6, 3.0), random.uniform(0.08, 0.3))
    head = _towards(bend, random.uniform(1.4, 3.4), random.uniform(0.05, 0.25))
    neck = random.uniform(0.025, 0.09)
    parts += [(limb(base, bend, 1.2 * neck, neck), 0), (limb(bend, head, neck, neck), 0)]
    parts.append(
        (ellipse(head[0], head[1], random.uniform(0.06, 0.11), 0.06, random.normal(0, 0.5)), 2)
    )
    snout = np.add(head, (random.uniform(0.06, 0.14), 0.02))
    parts.append((limb(head, snout, 0.04, 0.025), 3))
    return parts


def vehicle(random: Random) -> Parts:
    """Materials: 0 paintwork, 1 glass, 2 wheels, 3 trim."""
    long, high = random.uniform(0.5, 1.1), random.uniform(0.16, 0.3)
    parts: Parts = [(quad(0, 0.1, long, high, random.normal(0, 0.08)), 0)]
    roof = random.uniform(0.3, 0.9) * long
    shift = random.uniform(-0.2, 0.2)
    cabin = quad(shift, 0.1 - high - 0.12, roof, 0.14, 0)
    cabin[:2, 0] = shift + (cabin[:2, 0] - shift) * random.uniform(0.6, 1)
    parts.append((cabin, 0))
    for k in range(int(random.integers(1, 5))):
        x = shift + roof * (0.5 * k - 0.6)
        parts.append((quad(x, 0.1 - high - 0.11, 0.18 * roof, 0.09), 1))
    for _ in range(int(random.integers(0, 5))):
        x, y = random.uniform(-0.9, 0.9) * long, 0.1 + random.uniform(-0.9, 0.9) * high
        parts.append((quad(x, y, random.uniform(0.03, 0.3), random.uniform(0.015, 0.06)), 3))
    for x in (-0.65, 0.65):
        radius = random.uniform(0.12, 0.2)
        parts.append((ellipse(x * long, 0.1 + high, radius, radius), 2))
        parts.append((ellipse(x * long, 0.1 + high, 0.5 * radius, 0.5 * radius), 3))
    return parts


def cycle(random: Random) -> Parts:
    """Wheels and bars, most often with somebody on it: seven materials."""
    parts: Parts = []
    radius, wide = random.uniform(0.15, 0.24), random.uniform(0.2, 0.34)
    saddle, bar = np.array([-0.1, 0.0]), np.array([0.25, -0.05])
    for x in (-wide, wide):
        angle = np.linspace(0, 2 * np.pi, 13)
        rim = np.stack([x + radius * np.cos(angle), 0.35 + radius * np.sin(angle)], 1)
        tyre = random.uniform(0.012, 0.04)
        parts += [(limb(a, b, tyre, tyre), 5) for a, b in itertools.pairwise(rim)]
        parts += [(limb(np.array([x, 0.35]), top, 0.02, 0.02), 6) for top in (saddle, bar)]
    parts.append((limb(saddle, bar, random.uniform(0.02, 0.09), 0.02), 6))
    rider = [(outline * 0.85 - (0.05, 0.08), k) for outline, k in person(random)]
    return [*parts, *rider] if random.random() < 0.7 else parts


def lump(random: Random) -> Parts:
    """One to six blobs, ellipses and quads that overlap."""
    parts: Parts = []
    for k in range(int(random.integers(1, 7))):
        place = random.normal(0, 0.22, 2)
        kind = random.integers(3)
        size = random.uniform(0.08, 0.3)
        if kind == 0:
            parts.append((blob(random, size) + place, k))
        elif kind == 1:
            parts.append(
                (
                    ellipse(
                        place[0],
                        place[1],
                        size,
                        size * random.uniform(0.3, 1),
                        random.uniform(0, 3),
                    ),
                    k,
                )
            )
        else:
            parts.append(
                (
                    quad(
                        place[0],
                        place[1],
                        size,
                        size * random.uniform(0.3, 1.5),
                        random.normal(0, 0.1),
                    ),
                    k,
                )
            )
    return parts


BUILDERS: tuple[Callable[[Random], Parts], ...] = (
    person,
    person,
    person,
    beast,
    beast,
    vehicle,
    cycle,
    lump,
    lump,
)


def figure(random: Random) -> Parts:
    """Any figure, mirrored, turned and stretched."""
    parts = BUILDERS[int(random.integers(len(BUILDERS)))](random)
    turn = random.normal(0, 0.12) if random.random() < 0.85 else random.uniform(-3, 3)
    stretch = np.exp(random.normal(0, 0.15, 2)) * (random.choice([-1, 1]), 1)
    c, s = np.cos(turn), np.sin(turn)
    matrix = np.array([[c, s], [-s, c]]) * stretch[None]
    return [(outline @ matrix, material) for outline, material in parts]
