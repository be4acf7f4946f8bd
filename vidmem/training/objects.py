"""Things that move: each builder returns parts about one metre high, standing on y = 0."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from vidmem.training.camera import FRAMES_PER_SECOND, Signal, drift
from vidmem.training.scene import Matrices, Number, Part, Skin, at, placing, scaling, turning
from vidmem.training.textures import PATTERNS, paint, palette, silhouette

Random = np.random.Generator


@dataclass(slots=True)
class Wardrobe:
    """Collects the textures and cut-outs of a scene while it is being built."""

    photographs: tuple[np.ndarray, ...] = ()
    textures: list[np.ndarray] = field(default_factory=list)
    silhouettes: list[np.ndarray] = field(default_factory=list)

    def add(self, texture: np.ndarray, *, tiles_per_m: float) -> Skin:
        """A ready picture as a skin."""
        self.textures.append(texture)
        return Skin(len(self.textures) - 1, tiles_per_m)

    def cut(self, random: Random) -> int:
        """A new cut-out."""
        self.silhouettes.append(silhouette(random))
        return len(self.silhouettes) - 1


@dataclass(frozen=True, slots=True)
class Look:
    """How one thing is coloured; a look-alike gets a neighbouring look."""

    hue: float
    saturation: float
    value: float
    pattern: str
    seed: int
    """Of the colours."""
    field: int = 0
    """Of the pattern's field: look-alikes share colours, not spots."""
    tiles_per_m: float = 1.5

    def like(self, random: Random, *, shift: float) -> "Look":
        """Similar but not identical: same pattern, other field, colours moved by ``shift``."""
        sign = random.choice([-1.0, 1.0], 2)
        return replace(
            self,
            hue=(self.hue + sign[0] * shift * random.uniform(0.7, 1.3)) % 1,
            value=float(np.clip(self.value * (1 + 1.5 * sign[1] * shift), 0.15, 0.95)),
            field=self.field + 1,
        )


def any_look(random: Random, *, vivid: float = 0.48) -> Look:
    """A random look; ``vivid`` is the mean saturation."""
    return Look(
        hue=float(random.random()),
        saturation=float(np.clip(random.normal(vivid, 0.2), 0.05, 0.95)),
        value=float(random.uniform(0.35, 0.85)),
        pattern=str(random.choice(list(PATTERNS)[:-1])),
        seed=int(random.integers(1 << 30)),
        tiles_per_m=float(random.uniform(0.8, 2.5)),
    )


def dress(wardrobe: Wardrobe, look: Look, *, accent: float = 0.0) -> Skin:
    """A skin in a look. ``accent`` turns the hue for a second part of the same thing."""
    accents = int(accent * 1000)
    hue = (look.hue + accent) % 1
    colours = palette(
        np.random.default_rng([look.seed, accents]),
        hue=hue,
        saturation=look.saturation,
        value=look.value,
    )
    random = np.random.default_rng([look.seed, accents, look.field])
    chance = np.random.default_rng([look.seed, accents, 1 << 20])
    if wardrobe.photographs and chance.random() < 0.35:
        picture = wardrobe.photographs[int(chance.integers(len(wardrobe.photographs)))]
        shifted = np.roll(picture, tuple(random.integers(0, len(picture), 2)), axis=(0, 1))
        tinted = shifted * (0.5 + 0.7 * colours[len(colours) // 2])
        return wardrobe.add(tinted.clip(0, 255).astype(np.uint8), tiles_per_m=look.tiles_per_m)
    return wardrobe.add(paint(random, look.pattern, colours), tiles_per_m=look.tiles_per_m)


def _part(shape: str, skin: Skin, half: tuple[Number, ...], place: Matrices) -> Part:
    return Part(shape, place @ scaling(*half), (skin,))  # type: ignore[arg-type]


def ball(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """A ball that rolls or an egg that tumbles."""
    half = np.array([0.5, 0.5, 0.5]) * random.uniform(0.75, 1.1, 3) ** (random.random() < 0.5)
    angle = np.cumsum(np.full(frames, random.uniform(-0.06, 0.06)))
    spin = at(0, -0.5, 0) @ turning("z", angle) @ turning("x", 0.3 * angle)
    return (_part("ball", dress(wardrobe, look), tuple(half), spin),)


def crate(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """A box with two kinds of faces, perhaps turning."""
    x, z = random.uniform(0.35, 0.6, 2)
    angle = random.uniform(0, 3) + random.uniform(-0.04, 0.04) * np.arange(frames)
    first, second = dress(wardrobe, look), dress(wardrobe, look, accent=0.1)
    place = at(0, -0.5, 0) @ turning("y", angle)
    skins = (first, first, second, second, second, second)
    return (Part("box", place @ scaling(x, 0.5, z), skins),)


def blob(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """A soft thing: overlapping ellipsoids that breathe and shift."""
    parts: list[Part] = []
    for k in range(int(random.integers(3, 6))):
        centre = random.uniform([-0.3, -0.7, -0.2], [0.3, -0.35, 0.2])
        move = at(*centre) @ _swaying(random, frames, 0.1)
        pulse = 1 + 0.15 * drift(random, frames, seconds=0.8)
        half = random.uniform(0.22, 0.36, 3)
        scale = np.stack([scaling(*(half * p))[0] for p in pulse])
        skin = dress(wardrobe, look, accent=0.04 * k) if k < 2 else parts[k % 2].skins[0]
        parts.append(Part("ball", move @ scale, (skin,)))
    return tuple(parts)


def _swaying(random: Random, frames: int, amount_m: float) -> Matrices:
    shift = np.tile(np.eye(4), (frames, 1, 1))
    for axis in range(3):
        shift[:, axis, 3] = amount_m * drift(random, frames, seconds=0.9)
    return shift


def cutout(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """A flat cut-out with a noise-shaped outline that bends."""
    half = (random.uniform(0.45, 0.7), 0.6, 1.0)
    wave = 0.22 * random.uniform(0, 1) * drift(random, frames, seconds=1.0)
    place = at(0, -0.55, 0) @ turning("z", 0.2 * drift(random, frames, seconds=1.5))
    skin = dress(wardrobe, look)
    return (Part("card", place @ scaling(*half), (skin,), wardrobe.cut(random), wave),)


def _swing(frames: int, *, speed: float, phase: Number, amount: float) -> Signal:
    time = np.arange(frames) / FRAMES_PER_SECOND
    return amount * np.sin(2 * np.pi * speed * time + phase)


def _limb(skin: Skin, hip: Matrices, angle: Signal, length: float, thick: float) -> list[Part]:
    """Two links with a joint between them."""
    upper = hip @ turning("z", angle)
    knee = upper @ at(0, length / 2, 0) @ turning("z", np.abs(angle) * 0.8)
    half = (thick, length / 4, thick)
    return [
        _part("cylinder", skin, half, upper @ at(0, length / 4, 0)),
        _part("cylinder", skin, (thick * 0.85, length / 4, thick), knee @ at(0, length / 4, 0)),
    ]


def walker(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """A figure on two legs, with arms and a head."""
    top, legs = dress(wardrobe, look), dress(wardrobe, look, accent=0.3)
    speed, phase = random.uniform(0.8, 1.5), random.uniform(0, 6)
    parts = [
        _part("ball", top, (0.14, 0.24, 0.17), at(0, -0.66, 0)),
        _part("ball", legs, (0.09, 0.11, 0.09), at(0, -0.95, 0)),
    ]
    for side in (-1, 1):
        swing = _swing(frames, speed=speed, phase=phase + side * np.pi / 2, amount=0.5)
        parts += _limb(legs, at(0, -0.48, 0.08 * side), swing, 0.48, 0.055)
        parts += _limb(top, at(0, -0.82, 0.19 * side), -swing, 0.4, 0.04)
    return tuple(parts)


def beast(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """An animal on four legs with a nodding head and a tail."""
    fur = dress(wardrobe, look)
    speed, long = random.uniform(0.8, 1.8), random.uniform(0.4, 0.6)
    nod = 0.2 * drift(random, frames, seconds=1.0)
    neck = at(long * 0.9, -0.75, 0) @ turning("z", nod)
    parts = [
        _part("ball", fur, (long, 0.22, 0.2), at(0, -0.6, 0)),
        _part("ball", fur, (0.2, 0.14, 0.13), neck @ at(0.14, -0.08, 0)),
    ]
    for k, (x, z) in enumerate(((0.7, -0.12), (0.7, 0.12), (-0.7, -0.12), (-0.7, 0.12))):
        swing = _swing(frames, speed=speed, phase=k * np.pi / 2, amount=0.45)
        parts += _limb(fur, at(x * long, -0.5, z), swing, 0.5, 0.055)
    tail = at(-long, -0.65, 0) @ turning(
        "z", 0.8 + _swing(frames, speed=speed, phase=0, amount=0.4)
    )
    return (*parts, _part("cylinder", fur, (0.03, 0.2, 0.03), tail @ at(0, -0.2, 0)))


def car(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """Body, cabin and four turning wheels; longer than high."""
    dark = replace(look, saturation=0.2, value=0.22, pattern="grain")
    paintwork, glass = dress(wardrobe, look), dress(wardrobe, dark, accent=0.5)
    long = random.uniform(0.9, 1.2)
    parts = [
        _part("box", paintwork, (long, 0.24, 0.45), at(0, -0.42, 0)),
        _part("box", glass, (long * 0.5, 0.2, 0.4), at(random.uniform(-0.2, 0.1), -0.84, 0)),
    ]
    roll = turning("x", np.full(1, np.pi / 2)) @ turning("y", np.arange(frames) * 0.2)
    for x, z in ((0.62, -0.42), (0.62, 0.42), (-0.62, -0.42), (-0.62, 0.42)):
        parts.append(_part("cylinder", glass, (0.21, 0.08, 0.21), at(x * long, -0.21, z) @ roll))
    return tuple(parts)


def lumps(
    random: Random, wardrobe: Wardrobe, look: Look, apart: Signal, *, count: int
) -> tuple[Part, ...]:
    """Lumps in a row that overlap where ``apart`` is 0 and are well apart where it is 1."""
    parts = []
    for k in range(count):
        side = 2 * k / (count - 1) - 1
        half = random.uniform(0.4, 0.55, 3)
        gap = side * (0.25 + random.uniform(1.1, 1.5) * apart)
        lift = -0.5 - random.uniform(0, 0.4) * apart
        place = placing(np.stack([gap, lift, 0.1 * side * apart], -1))
        skin = dress(wardrobe, look, accent=0.03 * k)
        parts.append(Part("ball", place @ scaling(*half), (skin,)))
    return tuple(parts)


def parting(random: Random, wardrobe: Wardrobe, look: Look, frames: int) -> tuple[Part, ...]:
    """Two lumps of one thing that part and meet."""
    apart = np.abs(drift(random, frames, seconds=1.0))
    return grown(lumps(random, wardrobe, look, apart, count=2), 0.6)


Builder = Callable[[Random, Wardrobe, Look, int], tuple[Part, ...]]
MOVERS: dict[str, Builder] = {
    "ball": ball,
    "crate": crate,
    "blob": blob,
    "cutout": cutout,
    "walker": walker,
    "beast": beast,
    "car": car,
}
"""What can move, by name."""


def grown(parts: tuple[Part, ...], size_m: float) -> tuple[Part, ...]:
    """The same thing, ``size_m`` high; its texture grows with it."""
    scale = scaling(size_m, size_m, size_m)
    return tuple(replace(p, local=scale @ p.local) for p in parts)
