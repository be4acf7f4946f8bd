"""Objects that change while they are watched: split, merge, stretch, open, change their colour."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from vidmem.training.camera import Signal, heading, turned
from vidmem.training.hiding import Probe
from vidmem.training.objects import MOVERS, Look, Random, Wardrobe, any_look, dress, grown, lumps
from vidmem.training.places import build_place
from vidmem.training.scene import Body, Part, Scene, placing, scaling
from vidmem.training.staging import FOCAL, assemble, choose_place, wander, wardrobe_for
from vidmem.training.world import World, WorldConfig

Change = Literal["split", "merge", "stretch", "bend", "recolour", "turn"]
ATTEMPTS = 40
CAMERA = WorldConfig(camera_motion=0.4, travel=0.0, furniture=4)


@dataclass(frozen=True, slots=True, eq=False)
class TopologyVideo:
    """A video whose object 1 changes between two frames. Other objects only distract."""

    world: World
    change: Change
    begin: int
    end: int
    target: int = 1


def topology(
    seed: int, *, frames: int = 80, config: WorldConfig | None = None, device: str = "cpu"
) -> TopologyVideo:
    """Object 1 stays clear of the border and changes; the kind follows from ``seed % 6``.

    That it is clear is checked at every eighth frame.
    """
    config = replace(config or CAMERA, frames=frames)
    change: Change = get_args(Change)[seed % 6]
    begin, end = int(0.2 * frames), int(0.75 * frames)
    for attempt in range(ATTEMPTS):
        random = np.random.default_rng([seed, 11, attempt])
        amount = np.clip((np.arange(frames) - begin) / (end - begin), 0, 1)
        scene = _scene(random, config, change, amount * amount * (3 - 2 * amount))
        probe = Probe(scene, (config.height, config.width), target=1)
        if all(probe.inside(f) for f in (*range(0, frames, 8), frames - 1)):
            size = {"height": config.height, "width": config.width}
            return TopologyVideo(World(scene, **size, seed=seed, device=device), change, begin, end)
    raise RuntimeError(f"no topology video for seed {seed} in {ATTEMPTS} attempts")


def _scene(random: Random, config: WorldConfig, change: Change, amount: Signal) -> Scene:
    wardrobe = wardrobe_for(config)
    bodies, light = build_place(
        random, wardrobe, choose_place(random, config), furniture=config.furniture
    )
    look, far = any_look(random), float(random.uniform(3.4, 5.0))
    bodies += [
        _changing(random, wardrobe, look, change, amount, far),
        _distractor(random, wardrobe, look.like(random, shift=0.08), config.frames, far),
    ]
    return assemble(random, wardrobe, bodies, light, config, focal=FOCAL)


def _changing(
    random: Random, wardrobe: Wardrobe, look: Look, change: Change, amount: Signal, far: float
) -> Body:
    size = float(random.uniform(0.2, 0.3)) * 0.62 * far
    if change in ("split", "merge"):
        apart, count = amount if change == "split" else 1 - amount, int(random.integers(2, 4))
        parts = lumps(random, wardrobe, look, apart, count=count)
    elif change == "bend":
        parts = _bending(random, wardrobe, look, amount)
    elif change == "turn":
        parts = _two_faced(random, wardrobe, look, amount)
    else:
        name = str(random.choice(["ball", "blob", "crate", "beast", "walker"]))
        parts = MOVERS[name](random, wardrobe, look, len(amount))
        if change == "stretch":
            parts = _stretched(random, parts, amount)
        else:
            parts = _recoloured(random, parts, amount)
    path = wander(random, len(amount), speed=0.25, near=far, far=far + 0.1)
    path[:, 0] *= 0.4
    return Body(1, change, heading(path, turn=False), grown(parts, size), shadow_m=0.5 * size)


def _stretched(random: Random, parts: tuple[Part, ...], amount: Signal) -> tuple[Part, ...]:
    wide, high = random.choice([(1.2, -0.45), (-0.5, 0.9), (1.0, 0.4), (-0.4, -0.4)])
    stretch = np.stack(
        [scaling(1 + wide * a, 1 + high * a, 1 + wide * a)[0] for a in amount.tolist()]
    )
    return tuple(replace(p, local=stretch @ p.local) for p in parts)


def _bending(random: Random, wardrobe: Wardrobe, look: Look, amount: Signal) -> tuple[Part, ...]:
    """A cut-out that bends far and back while it grows wider."""
    (card,) = MOVERS["cutout"](random, wardrobe, look, len(amount))
    strength = random.uniform(0.25, 0.4) * random.choice([-1.0, 1.0])
    wave = strength * np.sin(1.5 * np.pi * amount)
    return tuple(replace(p, wave=wave) for p in _stretched(random, (card,), 0.6 * amount))


def _recoloured(random: Random, parts: tuple[Part, ...], amount: Signal) -> tuple[Part, ...]:
    goal = np.clip(random.permutation([0.35, 0.8, 1.5]) * random.uniform(0.8, 1.2), 0.25, 1.7)
    tint = 1 + (goal - 1) * amount[:, None]
    return tuple(replace(p, tint=tint) for p in parts)


def _two_faced(random: Random, wardrobe: Wardrobe, look: Look, amount: Signal) -> tuple[Part, ...]:
    """A box whose hidden sides look different, turned by half a turn or more."""
    other = any_look(random)
    front, back = dress(wardrobe, look), dress(wardrobe, other)
    top = dress(wardrobe, look, accent=0.05)
    place = turned(placing(np.array([[0.0, -0.5, 0.0]])), 0.4 + np.pi * amount)
    skins = (front, back, top, top, back, front)
    return (Part("box", place @ scaling(0.5, 0.5, 0.4), skins),)


def _distractor(random: Random, wardrobe: Wardrobe, look: Look, frames: int, far: float) -> Body:
    name = str(random.choice(list(MOVERS)))
    size = float(random.uniform(0.18, 0.28)) * 0.62 * far
    parts = grown(MOVERS[name](random, wardrobe, look, frames), size)
    path = wander(random, frames, speed=0.6, near=far + 1.0, far=far + 1.8)
    root = heading(path, turn=name in ("walker", "beast", "car"))
    return Body(2, "distractor", root, parts, shadow_m=0.4 * size)
