"""Chance builds a scene: a place, things that move through it, a camera, electronics."""

from typing import Any

import numpy as np
from jaxtyping import Float

from vidmem.training.camera import Signal, drift, heading, moving_camera, standing
from vidmem.training.objects import MOVERS, Look, Random, Wardrobe, any_look, grown, parting
from vidmem.training.photographs import photographs
from vidmem.training.places import Place, build_place, occluder
from vidmem.training.scene import Body, Grade, Light, Scene
from vidmem.training.textures import silhouette
from vidmem.training.world import Clip, World, WorldConfig

FOCAL = 0.9
"""Focal length as a share of the width: about 58 degrees."""


def make_world(config: WorldConfig, *, seed: int, device: str = "cpu") -> World:
    """A random video that renders frame by frame."""
    scene = random_scene(np.random.default_rng(seed), config)
    return World(scene, height=config.height, width=config.width, seed=seed, device=device)


def make_clip(config: WorldConfig, *, seed: int, device: str = "cpu") -> Clip:
    """A random clip as arrays; the seed reproduces it exactly on the same device."""
    return make_world(config, seed=seed, device=device).clip()


def small_clip(
    *, frames: int = 12, height: int = 48, width: int = 64, objects: int = 2, seed: int = 0
) -> Clip:
    """A tiny clean clip for tests: no noise, no blur, no occluders, a gently moving camera."""
    config = WorldConfig(
        frames=frames, height=height, width=width, objects=objects, occluders=0, furniture=2,
        place="room", shake=0, zoom=0, exposure=0, white_balance=0, motion_blur=0, noise=0,
        rolling_noise=0, jpeg_quality=None,
    )  # fmt: skip
    return make_clip(config, seed=seed)


def wardrobe_for(config: WorldConfig) -> Wardrobe:
    """An empty wardrobe, with photographs where they are wanted."""
    return Wardrobe(photographs() if config.photographs else ())


def choose_place(random: Random, config: WorldConfig) -> Place:
    """The configured place, or any."""
    if config.place != "any":
        return config.place
    places: tuple[Place, ...] = ("room", "room", "street", "street", "field")
    return places[int(random.integers(len(places)))]


def random_scene(random: Random, config: WorldConfig) -> Scene:
    """Objects 1..n on random paths in a random place."""
    wardrobe = wardrobe_for(config)
    bodies, light = build_place(
        random, wardrobe, choose_place(random, config), furniture=config.furniture
    )
    look = any_look(random)
    for number in range(1, config.objects + 1):
        alike = number > 1 and random.random() < config.look_alikes
        look = look.like(random, shift=0.06) if alike else any_look(random)
        bodies.append(_mover(random, wardrobe, config, look, number))
    for _ in range(config.occluders):
        width = random.uniform(0.05, 0.45)
        root = standing(random.uniform(-1.5, 1.5), random.uniform(2.5, 3.5))
        bodies.append(
            Body(0, "occluder", root, occluder(random, wardrobe, half_width_m=width), 0.5)
        )
    return assemble(random, wardrobe, bodies, light, config)


def _mover(
    random: Random, wardrobe: Wardrobe, config: WorldConfig, look: Look, number: int
) -> Body:
    builders = MOVERS | {"lumps": parting}
    name = str(random.choice(list(builders)))
    size = float(random.uniform(0.45, 1.2)) * (0.75 if name == "car" else 1.0)
    parts = grown(builders[name](random, wardrobe, look, config.frames), size)
    path = wander(random, config.frames, speed=config.speed, near=2.8, far=6.5)
    if name in ("ball", "blob", "cutout") and random.random() < 0.5:
        path[:, 1] -= random.uniform(0.2, 1.2) + 0.3 * drift(random, config.frames, seconds=1.5)
    root = heading(path, turn=name in ("walker", "beast", "car"))
    return Body(number, name, root, parts, shadow_m=0.4 * size)


def wander(
    random: Random, frames: int, *, speed: float, near: float, far: float
) -> Float[np.ndarray, "frames 3"]:
    """A path on the floor: a straight or curved walk through the field of view."""
    z = random.uniform(near, far)
    half_view = 0.5 / FOCAL * z
    start = random.uniform(-0.8, 0.8) * half_view
    metres_per_frame = speed * random.uniform(0.003, 0.014) * half_view
    time = np.arange(frames)
    x = start - np.sign(start or 1.0) * metres_per_frame * time
    x = x + random.uniform(0, 0.5) * speed * drift(random, frames, seconds=2.0)
    depth = z + random.uniform(0, 0.9) * speed * drift(random, frames, seconds=2.5)
    return np.stack([x, np.zeros(frames), np.maximum(depth, 2.0)], -1)


def assemble(
    random: Random,
    wardrobe: Wardrobe,
    bodies: list[Body],
    light: Light,
    config: WorldConfig,
    **camera: Any,
) -> Scene:
    """Add a camera and its electronics. ``camera`` replaces arguments of ``moving_camera``."""
    frames = config.frames
    setting: dict[str, Any] = {
        "motion": config.camera_motion * random.uniform(0, 1.2),
        "shake": config.shake * random.uniform(0, 1.5),
        "zoom": config.zoom * random.uniform(0, 1.5),
        "focal": FOCAL * random.uniform(0.85, 1.2),
        "travel_m": config.travel * random.uniform(-0.2, 1.0) * min(1.0, frames / 90),
        "height_m": random.uniform(1.1, 1.8),
        "pitch": random.uniform(0.06, 0.2),
    }
    return Scene(
        bodies=tuple(bodies),
        camera=moving_camera(random, frames, **(setting | camera)),
        light=light,
        grade=grade(random, config),
        textures=np.stack(wardrobe.textures),
        silhouettes=np.stack(wardrobe.silhouettes or [silhouette(random)]),
    )


def grade(random: Random, config: WorldConfig) -> Grade:
    """Exposure and white balance that drift, and how much noise there is."""
    frames = config.frames
    exposure = 0.5 * config.exposure * drift(random, frames, seconds=2.0)
    warm: Signal = 0.25 * config.white_balance * drift(random, frames, seconds=3.0)
    warm = warm + 0.15 * config.white_balance * random.normal()
    gain = np.exp(exposure[:, None] + warm[:, None] * np.array([1.0, 0.0, -1.0]))
    return Grade(
        gain=gain * random.uniform(1.0, 1.4),
        noise=0.03 * config.noise * random.uniform(0.3, 1.5),
        rolling=0.06 * config.rolling_noise * random.uniform(0, 1.5),
        blur=config.motion_blur * random.uniform(0, 1.5),
        jpeg_quality=config.jpeg_quality,
    )
