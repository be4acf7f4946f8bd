"""Paths that hide an object for an exact number of frames, solved against the rays themselves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from vidmem.training.camera import drift
from vidmem.training.casting import build_stage, cast_frames, label_image, one_thread
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

    @one_thread()
    def _labels(self, frame: int) -> np.ndarray:
        hits = cast_frames(self._stage, (frame,), self.size)
        labels: np.ndarray = label_image(self._stage, hits)[0].numpy()
        return labels

    def pixels(self, frame: int, *, of: int | None = None) -> int:
        """How many pixels of an object (the target) a frame shows."""
        return int((self._labels(frame) == (of or self.target)).sum())

    def counts(self, frame: int) -> dict[int, int]:
        """Visible pixels of every object a frame shows."""
        ids, counts = np.unique(self._labels(frame), return_counts=True)
        return dict(zip(ids.tolist(), counts.tolist(), strict=True))

    def inside(self, frame: int, *, of: int | None = None) -> bool:
        """Whether an object (the target) is in the picture and clear of its border."""
        mask = self._labels(frame) == (of or self.target)
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

    In the four frames around, the edge of the occluder's shadow is searched with the camera and
    the occluder of that very frame; between them the target may do anything, because nobody sees
    it, so it keeps to the shadow's middle. None where the occluder is too small.
    """
    come = float(random.choice([-1.0, 1.0]))
    leave = come if random.random() < 0.7 else -come
    middle = _shadow(probe, route, occluder)
    moments = ((plan.enter - 1, -come), (plan.enter, -come), (plan.leave - 1, leave))
    edges = [_edge(probe, f, route, middle[f], way) for f, way in (*moments, (plan.leave, leave))]
    if any(edge is None for edge in edges):
        return None
    seen_last, gone, hidden_last, seen_again = (float(edge or 0.0) for edge in edges)
    time = np.arange(plan.frames, dtype=float)
    walked = np.cumsum(1 + 0.3 * drift(random, plan.frames, seconds=1.0)) * speed
    # It goes in and comes out briskly, so that it is whole some frames before and after.
    goes, comes = random.uniform(1.8, 3.0, 2) * speed
    ahead = 0.5 * (walked[plan.enter - 1] - walked) + goes * _eased(plan.enter - 1 - time)
    before = seen_last - come * (MARGIN_M + ahead)
    after = seen_again + leave * (MARGIN_M + comes * _eased(time - plan.leave))
    span = np.clip((time - plan.enter) / max(plan.hidden - 1, 1), 0, 1)
    first, last = gone + come * MARGIN_M, hidden_last - leave * MARGIN_M
    straight = first + (last - first) * span
    unseen = straight + (middle - straight) * np.sin(np.pi * span) ** 0.5
    x = np.where(time < plan.enter, before, np.where(time < plan.leave, unseen, after))
    return np.stack([route(float(value)) for value in x])


def _eased(frames: Float[np.ndarray, " frames"]) -> Float[np.ndarray, " frames"]:
    """Frames that count less and less: full speed at 0, about 14 frames' way in all."""
    return np.asarray(14 * (1 - np.exp(-np.maximum(frames, 0) / 14)))


MARGIN_M = 0.015
"""How far beyond the exact edge the target is put, so that it is clearly seen or clearly not."""
STEP_M = 0.32
FINEST_M = 0.004


def _shadow(probe: Probe, route: RouteFunction, occluder: int) -> Float[np.ndarray, " frames"]:
    """Where on the route the middle of the occluder's shadow is, per frame."""
    body = next(b for b in probe.scene.bodies if b.object_id == occluder)
    eye = probe.scene.camera.camera_to_world[:, :3, 3]
    hider = np.broadcast_to(body.root, (probe.scene.frames, 4, 4))[:, :3, 3]
    far = np.array([route(float(x))[2] for x in hider[:, 0]])
    share = (far - eye[:, 2]) / (hider[:, 2] - eye[:, 2])
    return np.asarray(eye[:, 0] + (hider[:, 0] - eye[:, 0]) * share)


def _edge(
    probe: Probe, frame: int, route: RouteFunction, middle: float, way: float
) -> float | None:
    """Where, going ``way`` from the shadow's middle, the first pixel of the target shows."""

    def seen(x: float) -> bool:
        probe.place(frame, route(x))
        return probe.pixels(frame) > 0

    if seen(middle):
        return None
    x, step = middle, STEP_M
    while step > FINEST_M:
        x += way * step
        if seen(x):
            x, step = x - way * step, step / 2
        elif abs(x - middle) > 6:
            return None
    return x
