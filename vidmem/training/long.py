"""Long videos: things that keep leaving and coming back among others that look like them."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from vidmem.training.camera import drift, heading, standing
from vidmem.training.hiding import Probe
from vidmem.training.objects import MOVERS, Look, Random, Wardrobe, any_look, grown
from vidmem.training.places import build_place, occluder
from vidmem.training.scene import Body, Scene
from vidmem.training.staging import FOCAL, assemble, choose_place, wardrobe_for
from vidmem.training.world import World, WorldConfig

TARGETS = (1, 2)
DISTRACTORS = (3, 4, 5)
OCCLUDERS = (6, 7)
EVERY = 10
"""Presence is checked at every tenth frame while a scene is being chosen."""
ATTEMPTS = 60
CAMERA = WorldConfig(camera_motion=0.7, travel=0.0, furniture=5, look_alikes=1.0)


@dataclass(frozen=True, slots=True, eq=False)
class LongVideo:
    """A video, the objects to follow from frame 0, and those that only distract."""

    world: World
    targets: tuple[int, ...] = TARGETS
    distractors: tuple[int, ...] = DISTRACTORS


def long_video(
    seed: int, *, frames: int = 2000, config: WorldConfig | None = None, device: str = "cpu"
) -> LongVideo:
    """Two targets, three look-alikes, two occluders; every target is away several times.

    Targets are clear of the border in frame 0, seen in 40 to 92 % of the frames, and away at
    least once per 700 frames for 20 frames or more (checked at every tenth frame). Render with
    ``video.world.frame(t)``: nothing is kept.
    """
    config = replace(config or CAMERA, frames=frames)
    for attempt in range(ATTEMPTS):
        random = np.random.default_rng([seed, 7, attempt])
        scene = _scene(random, config)
        if _comes_and_goes(scene, config):
            size = {"height": config.height, "width": config.width}
            return LongVideo(World(scene, **size, seed=seed, device=device))
    raise RuntimeError(f"no long video for seed {seed} in {ATTEMPTS} attempts")


def _scene(random: Random, config: WorldConfig) -> Scene:
    wardrobe = wardrobe_for(config)
    bodies, light = build_place(
        random, wardrobe, choose_place(random, config), furniture=config.furniture
    )
    looks = [any_look(random), any_look(random)]
    names = [str(name) for name in random.choice(list(MOVERS), 2)]
    starts = random.permutation([-0.55, 0.55])
    for i, number in enumerate(TARGETS):
        far = float(random.uniform(3.4, 5.0))
        path = _roaming(random, config.frames, far=far, start=float(starts[i]), reach=1.7)
        bodies.append(_thing(random, wardrobe, names[i], looks[i], path, number))
    for i, number in enumerate(DISTRACTORS):
        far = float(random.uniform(4.0, 6.0))
        path = _roaming(random, config.frames, far=far, start=random.uniform(-1, 1), reach=1.3)
        look = looks[i % 2].like(random, shift=0.06)
        bodies.append(_thing(random, wardrobe, names[i % 2], look, path, number))
    for side, number in zip((-1, 1), OCCLUDERS, strict=True):
        near = float(random.uniform(2.2, 2.9))
        parts = occluder(random, wardrobe, half_width_m=float(random.uniform(0.15, 0.4)))
        x = (side * 0.2 + random.uniform(-0.15, 0.15)) * near / FOCAL * 0.5
        bodies.append(Body(number, "occluder", standing(float(x), near), parts, shadow_m=0.4))
    return assemble(random, wardrobe, bodies, light, config, focal=FOCAL)


def _thing(
    random: Random,
    wardrobe: Wardrobe,
    name: str,
    look: Look,
    path: Float[np.ndarray, "frames 3"],
    number: int,
) -> Body:
    size = float(random.uniform(0.22, 0.36)) * 0.62 * float(path[:, 2].mean())
    size *= 0.7 if name == "car" else 1.0
    parts = grown(MOVERS[name](random, wardrobe, look, len(path)), size)
    root = heading(path, turn=name in ("walker", "beast", "car"))
    return Body(number, name, root, parts, shadow_m=0.4 * size)


def _roaming(
    random: Random, frames: int, *, far: float, start: float, reach: float
) -> Float[np.ndarray, "frames 3"]:
    """To and fro with pauses, up to ``reach`` half-views to either side, at walking speed."""
    half_view = 0.5 / FOCAL * far
    corners, places, time = [0], [start], 0
    while time < frames:
        goal = float(random.uniform(-reach, reach))
        steps = abs(goal - places[-1]) / random.uniform(0.006, 0.016)
        time += int(steps) + 1
        corners.append(time)
        places.append(goal)
        if random.random() < 0.4:
            time += int(random.integers(15, 70))
            corners.append(time)
            places.append(goal)
    x = np.interp(np.arange(frames), corners, places)
    x = np.convolve(np.pad(x, 7, mode="edge"), np.ones(15) / 15, "valid") * half_view
    z = far + 0.7 * drift(random, frames, seconds=5.0)
    return np.stack([x, np.zeros(frames), z], -1)


def _comes_and_goes(scene: Scene, config: WorldConfig) -> bool:
    size = (config.height // 2, config.width // 2)
    probe = Probe(scene, size, target=TARGETS[0])
    if not all(probe.inside(0, of=target) for target in TARGETS):
        return False
    seen: dict[int, list[bool]] = {target: [] for target in TARGETS}
    for frame in range(0, config.frames, EVERY):
        counts = probe.counts(frame)
        for target in TARGETS:
            seen[target].append(counts.get(target, 0) > 0)
    return all(_often_enough(np.array(s), config.frames) for s in seen.values())


def _often_enough(seen: Bool[np.ndarray, " samples"], frames: int) -> bool:
    padded = np.concatenate(([True], seen, [True])).astype(int)
    starts, stops = np.nonzero(np.diff(padded) < 0)[0], np.nonzero(np.diff(padded) > 0)[0]
    absences = int(((stops - starts) * EVERY >= 20).sum())
    return 0.4 <= float(seen.mean()) <= 0.92 and absences >= max(1, frames // 700)
