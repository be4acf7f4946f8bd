"""Videos made to ask one question, with the answer known exactly from the labels."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from vidmem.training.camera import drift, heading, standing
from vidmem.training.hiding import HidingPlan, Probe, hiding_path, reach
from vidmem.training.objects import MOVERS, Look, Random, Wardrobe, any_look, grown
from vidmem.training.places import build_place, occluder
from vidmem.training.scene import Body, Scene
from vidmem.training.staging import FOCAL, assemble, choose_place, wardrobe_for
from vidmem.training.world import World, WorldConfig
from vidmem.types import Box, Prompt

TARGET, OCCLUDER, LOOK_ALIKE = 1, 2, 3
ATTEMPTS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A video, the object to follow from frame 0, and when it cannot be seen."""

    world: World
    hidden: tuple[range, ...]
    """Frames without a single pixel of the target."""
    target: int = TARGET
    look_alike: int | None = None

    def prompt(self, kind: Literal["mask", "box"] = "mask") -> Prompt:
        """The target in frame 0."""
        return prompt_of(self.world, self.target, kind=kind)


def prompt_of(world: World, object_id: int, *, kind: Literal["mask", "box"]) -> Prompt:
    """What a person would say about an object in frame 0, exactly."""
    mask = world.labels(0) == object_id
    if kind == "mask":
        return Prompt(object_id=object_id, mask=mask)
    rows, columns = np.nonzero(mask)
    box: Box = (
        float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
    )  # fmt: skip
    return Prompt(object_id=object_id, box=box)


def occlusion(
    seed: int,
    *,
    hidden_frames: int = 40,
    look_alike: bool = True,
    config: WorldConfig | None = None,
    device: str = "cpu",
) -> Scenario:
    """One object passes behind something and comes back.

    Object 1 is whole in frame 0, seen for at least 20 frames, hidden without a single pixel for
    exactly ``hidden_frames``, then seen for at least 25; eight frames after its return a fifth of
    it or more is in view. Object 2 hides it. With ``look_alike`` object 3 is similar but not the
    same and stays in view meanwhile. ``config.frames`` does not matter.
    """
    config = config or WorldConfig(camera_motion=0.5, travel=0.0, furniture=4)
    for attempt in range(ATTEMPTS):
        random = np.random.default_rng([seed, attempt])
        plan = HidingPlan(
            enter=int(random.integers(24, 40)),
            hidden=hidden_frames,
            after=int(random.integers(27, 36)),
        )
        scene = _occlusion_scene(random, replace(config, frames=plan.frames), plan, look_alike)
        if scene is not None:
            size = {"height": config.height, "width": config.width}
            world = World(scene, **size, seed=seed, device=device)
            hidden = (range(plan.enter, plan.leave),)
            return Scenario(world, hidden, look_alike=LOOK_ALIKE if look_alike else None)
    raise RuntimeError(f"no scene for seed {seed} in {ATTEMPTS} attempts")


def _occlusion_scene(
    random: Random, config: WorldConfig, plan: HidingPlan, look_alike: bool
) -> Scene | None:
    wardrobe, still = wardrobe_for(config), random.random() < 0.35
    bodies, light = build_place(
        random, wardrobe, choose_place(random, config), furniture=config.furniture
    )
    far = float(random.uniform(3.4, 5.2))
    half_view = 0.5 / FOCAL * far
    look = any_look(random)
    target, airborne = _target(random, wardrobe, look, far, plan.frames)
    speed = float(random.uniform(0.005, 0.011)) * half_view
    near = far * float(random.uniform(0.5, 0.72))
    travel = float(np.clip(speed * plan.hidden * random.uniform(0.3, 1.0), 0.2, 0.4 * half_view))
    width = (reach(target) + travel / 2) * near / far
    screen = random.uniform(-0.3, 0.3) * 0.5 / FOCAL * near
    bodies += [target, _hider(random, wardrobe, width, (screen, near), plan.frames)]
    if look_alike:
        alike = look.like(random, shift=0.06)
        bodies.append(_look_alike(random, wardrobe, alike, target, far, plan.frames))
    if still:
        config = replace(config, camera_motion=0.0, shake=0.0, zoom=0.0)
    scene = assemble(random, wardrobe, bodies, light, config, focal=FOCAL)
    probe = Probe(scene, (config.height, config.width), target=TARGET)
    route = _route(random, far, airborne)
    path = hiding_path(random, probe, plan, route=route, speed=speed, occluder=OCCLUDER)
    if path is None:
        return None
    scene = scene.with_body(target.moved(heading(path, turn=target.name != "ball")))
    return scene if _as_planned(scene, config, plan, look_alike) else None


def _target(
    random: Random, wardrobe: Wardrobe, look: Look, far: float, frames: int
) -> tuple[Body, float]:
    """A thing 20 to 40 % of the picture high, and how high it flies."""
    name = str(random.choice(list(MOVERS)))
    size = float(random.uniform(0.2, 0.4)) * 0.62 * far * (0.75 if name == "car" else 1.0)
    parts = grown(MOVERS[name](random, wardrobe, look, frames), size)
    flies = name in ("ball", "blob", "cutout") and random.random() < 0.5
    height = float(random.uniform(0.3, 1.3)) if flies else 0.0
    return Body(TARGET, name, standing(0, far), parts, shadow_m=0.45 * size), height


def _hider(
    random: Random, wardrobe: Wardrobe, width: float, place: tuple[float, float], frames: int
) -> Body:
    """Stands, or slides slowly sideways in half of the videos."""
    parts = occluder(random, wardrobe, half_width_m=width)
    path = np.tile([place[0], 0.0, place[1]], (frames, 1))
    if random.random() < 0.5:
        path[:, 0] += random.uniform(-0.5, 0.5) * np.linspace(-0.5, 0.5, frames)
    return Body(OCCLUDER, "occluder", heading(path, turn=False), parts, shadow_m=width)


def _look_alike(
    random: Random, wardrobe: Wardrobe, look: Look, target: Body, far: float, frames: int
) -> Body:
    """The same kind of thing, farther than the target so that it never hides it."""
    behind = far + float(random.uniform(0.5, 1.4))
    size = float(random.uniform(0.2, 0.36)) * 0.62 * behind
    size *= 0.75 if target.name == "car" else 1.0
    parts = grown(MOVERS[target.name](random, wardrobe, look, frames), size)
    side = float(random.choice([-1.0, 1.0]))
    path = np.tile(
        [side * random.uniform(0.45, 0.75) * 0.5 / FOCAL * behind, 0, behind], (frames, 1)
    )
    path[:, 0] += 0.5 * drift(random, frames, seconds=1.5)
    path[:, 1] -= abs(random.normal(0, 0.3)) * (target.name in ("ball", "blob", "cutout"))
    root = heading(path, turn=target.name in ("walker", "beast", "car"))
    return Body(LOOK_ALIKE, "look-alike", root, parts, shadow_m=0.4 * size)


def _route(random: Random, far: float, height: float) -> "Route":
    curve = random.uniform(0.2, 0.6) if random.random() < 0.5 else 0.0
    bob = random.uniform(0.05, 0.25) if height > 0 else 0.0
    return Route(far, height, float(curve), float(bob), float(random.uniform(0, 6)))


@dataclass(frozen=True, slots=True)
class Route:
    """Where the target is when it has come ``x`` metres along: straight, or curved in depth."""

    far: float
    height: float
    curve: float
    bob: float
    phase: float

    def __call__(self, x: float) -> Float[np.ndarray, "3"]:
        z = self.far + self.curve * np.sin(0.9 * x + self.phase)
        return np.array([x, -self.height - self.bob * np.sin(4 * x + self.phase), z])


def _as_planned(scene: Scene, config: WorldConfig, plan: HidingPlan, look_alike: bool) -> bool:
    """Check every frame by casting: seen, hidden and seen again exactly when planned."""
    size = (config.height, config.width)
    probe, hidden = Probe(scene, size, target=TARGET), set(range(plan.enter, plan.leave))
    near = {plan.enter - 12, plan.leave + 12, plan.frames - 1, plan.enter - 1, plan.leave}
    if not probe.inside(0) or min(probe.pixels(i) for i in near) == 0:
        return False  # most misses end here, before more is cast
    alone = Probe(scene.only((TARGET,)), size, target=TARGET).pixels(0)
    if probe.pixels(0) < alone or any(probe.pixels(i) for i in range(plan.enter, plan.leave)):
        return False
    picture = size[0] * size[1]
    seen = {i for i in range(plan.frames) if i % 3 == 0 or abs(i - plan.leave) < 9} - hidden
    counts = {i: probe.pixels(i) for i in sorted(seen)}
    early = min(counts[i] for i in counts if i < 13)
    late = float(np.median([counts[i] for i in counts if i > plan.leave + 8]))
    soon = counts[plan.leave + 8] > 0.2 * early
    if min(counts.values()) == 0 or early < 0.004 * picture or late < 0.4 * early or not soon:
        return False
    if not look_alike:
        return True
    other = [probe.pixels(i, of=LOOK_ALIKE) for i in range(plan.enter, plan.leave, 4)]
    return float(np.median(other)) > 0.003 * picture and min(other) > 0
