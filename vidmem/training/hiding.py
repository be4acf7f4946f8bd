"""Paths that hide an object for an exact number of frames, solved against the rays themselves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from vidmem.training.camera import drift
from vidmem.training.casting import build_stage, cast_frames, label_image
from vidmem.training.scene import Body, Scene, at


@dataclass(frozen=True, slots=True)
class HidingPlan:
    """When the target goes and comes back, in frames."""

    enter: int
    """The first frame without a pixel of it."""
    hidden: int
    after: int

    @property
    def leave(self) -> int:
        """The first frame it is seen again."""
        return self.enter + self.hidden

    @property
    def frames(self) -> int:
        """Length of the video."""
        return self.leave + self.after


class Probe:
    """Counts an object's visible pixels, casting only objects and no background."""

    def __init__(self, scene: Scene, size: tuple[int, int], *, target: int) -> None:
        ids = tuple(scene.names)
        small = scene.only(ids)
        self.scene, self.size, self.target = small, size, target
        self._stage = build_stage(small, device=torch.device("cpu"))
        self._rows = (self._stage.object_ids == target).nonzero()[:, 0].tolist()

    def _labels(self, frame: int) -> np.ndarray:
        hits = cast_frames(self._stage, (frame,), self.size)
        labels: np.ndarray = label_image(self._stage, hits)[0].numpy()
        return labels

    def pixels(self, frame: int, *, of: int | None = None) -> int:
        """How many pixels of an object (the target) a frame shows."""
        return int((self._labels(frame) == (of or self.target)).sum())

    def inside(self, frame: int) -> bool:
        """Whether the target is clear of the picture's border."""
        mask = self._labels(frame) == self.target
        edge = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
        return bool(mask.any() and not edge)

    def place(self, frame: int, position: Float[np.ndarray, "3"]) -> None:
        """Put the target somewhere in one frame."""
        root = at(*position)[0]
        parts = next(b for b in self.scene.bodies if b.object_id == self.target).parts
        for row, part in zip(self._rows, parts, strict=True):
            local = part.local[min(frame, len(part.local) - 1)]
            self._stage.matrices[row, frame] = root @ local
            self._stage.inverses[row, frame] = np.linalg.inv(root @ local)


def reach(body: Body) -> float:
    """How far the body extends sideways from its root, metres."""
    signs = np.array([[i, j, k, 1.0] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]).T
    corners = [np.hypot(*(p.local @ signs)[:, (0, 2)].swapaxes(0, 1)).max() for p in body.parts]
    return float(max(corners)) * 0.85


RouteFunction = Callable[[float], Float[np.ndarray, "3"]]


def hiding_path(
    random: np.random.Generator,
    probe: Probe,
    plan: HidingPlan,
    *,
    route: RouteFunction,
    speed: float,
    occluder: int,
) -> Float[np.ndarray, "frames 3"] | None:
    """A path along ``route`` whose target vanishes at ``plan.enter`` and returns at ``plan.leave``.

    In both frames the edge of the occluder's shadow is searched with the camera and the occluder
    of that very frame; between them the target may do anything, because nobody sees it. None
    where the occluder is too small.
    """
    come = float(random.choice([-1.0, 1.0]))
    leave = come if random.random() < 0.7 else -come
    enter_at = _edge(probe, plan.enter, route, -come * speed / 2, occluder)
    leave_at = _edge(probe, plan.leave, route, leave * speed / 2, occluder)
    last_hidden = _edge(probe, plan.leave - 1, route, leave * speed / 2, occluder)
    if enter_at is None or leave_at is None or last_hidden is None:
        return None
    time = np.arange(plan.frames)
    sway = 1 + 0.3 * drift(random, plan.frames, seconds=1.0)
    walked = np.cumsum(sway) * speed
    before = enter_at - come * (walked[plan.enter] - walked)
    after = leave_at + leave * (speed / 2 + walked - walked[plan.leave])
    span = (time - plan.enter) / max(plan.hidden - 1, 1)
    unseen = enter_at + (last_hidden - enter_at) * span
    x = np.where(time <= plan.enter, before, np.where(time < plan.leave, unseen, after))
    return np.stack([route(float(value)) for value in x])


def _edge(
    probe: Probe, frame: int, route: RouteFunction, step: float, occluder: int
) -> float | None:
    """The last hidden place when going from behind the occluder in steps."""
    pose = probe.scene.camera.camera_to_world[frame, :3, 3]
    body = next(b for b in probe.scene.bodies if b.object_id == occluder)
    hider = np.broadcast_to(body.root, (probe.scene.frames, 4, 4))[frame, :3, 3]
    far = (route(float(hider[0]))[2] - pose[2]) / (hider[2] - pose[2])
    x = float(pose[0] + (hider[0] - pose[0]) * far)
    for k in range(200):
        probe.place(frame, route(x))
        if probe.pixels(frame):
            return None if k == 0 else x - step
        x += step
    return None
