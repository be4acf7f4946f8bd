"""Short videos with the closed form's depth, computed once: what a memory for depth learns from."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float16, Float64, UInt8

from vidmem.config import Config, DepthConfig
from vidmem.engine import load
from vidmem.errors import SourceError
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.memory_clues import Clues, clues_of
from vidmem.training.camera import drift
from vidmem.training.interiors import interior
from vidmem.training.objects import Random
from vidmem.training.scene import CameraTrack, Scene, placing, turning
from vidmem.training.shards import write_arrays
from vidmem.training.staging import grade, random_scene
from vidmem.training.world import World, WorldConfig, WorldFrame
from vidmem.types import Depth, Features, Frame, Masks, Recall

SIZE = (240, 320)
FRAMES = 20
INTERIORS = 0.6
"""Share of clips in furnished rooms; the others have moving objects."""
SLOWEST, FASTEST = 0.3, 5.0
"""How hurried the camera is: 1 is a hand that looks around."""
TOO_NEAR_M = 0.12
FARTHEST_M = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class DepthClip:
    """Frames at a quarter of the working size: what the head is given, and what is true."""

    images: UInt8[np.ndarray, "frames h w 3"]
    log_inverse: Float16[np.ndarray, "frames h w"]
    """Of the closed form, in its own unit."""
    confidence: Float16[np.ndarray, "frames h w"]
    flow: Float16[np.ndarray, "frames h w 2"]
    """Measured, to the previous frame, in pixels of these maps."""
    motions: Float64[np.ndarray, "frames 4 4"]
    """Takes points of a frame's camera to the previous one, as the head tracks it."""
    cameras: Float64[np.ndarray, "frames 4"]
    """fx, fy, cx, cy in pixels of these maps."""
    depth_m: Float16[np.ndarray, "frames h w"]
    true_flow: Float16[np.ndarray, "frames h w 2"]
    visible: Bool[np.ndarray, "frames h w"]
    """Whether the point was seen in the previous frame."""

    def __len__(self) -> int:
        return len(self.images)


def clip_world(seed: int, *, frames: int = FRAMES, size: tuple[int, int] = SIZE) -> World:
    """The video of this seed: a camera that stands, strolls or hurries through some place."""
    random = np.random.default_rng([seed, 11])
    hurry = float(np.exp(random.uniform(np.log(SLOWEST), np.log(FASTEST))))
    config = WorldConfig(frames=frames, objects=2, furniture=9, speed=min(hurry, 2.0))
    if random.random() < INTERIORS:
        scene = replace(interior(random, views=frames), grade=grade(random, config))
    else:
        scene = random_scene(random, config)
    scene = replace(scene, camera=_walk(random, scene, hurry))
    return World(scene, height=size[0], width=size[1], seed=seed)


def _walk(random: Random, scene: Scene, hurry: float) -> CameraTrack:
    """From where the scene's first camera stands."""
    frames, seconds = scene.frames, 2.5 / hurry
    shift = np.stack([drift(random, frames, seconds=seconds) for _ in range(3)], -1)
    shift = shift * np.array([0.35, 0.08, 0.35])
    shift[:, 2] += np.linspace(0, random.uniform(-0.3, 1.0) * 0.02 * frames * hurry, frames)
    turn = np.stack([drift(random, frames, seconds=seconds) for _ in range(3)], -1)
    turn = turn * np.array([0.1, 0.35, 0.03])
    rotation = turning("y", turn[:, 1]) @ turning("x", turn[:, 0]) @ turning("z", turn[:, 2])
    camera = scene.camera
    start = camera.camera_to_world[:1]
    return CameraTrack(start @ placing(shift) @ rotation, np.full(frames, camera.focal[0]))


class Recorder:
    """The closed form; keeps what a memory would be given of every frame."""

    def __init__(self) -> None:
        self._base = GeometricDepth(DepthConfig())
        self.clues: list[Clues] = []

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """As the base."""
        depth = self._base.estimate(frame, features, recall, masks)
        self.clues.append(clues_of(features, depth, recall))
        return depth


def clip_of(seed: int, *, frames: int = FRAMES, size: tuple[int, int] = SIZE) -> DepthClip | None:
    """The clip of this seed; None where the camera runs into something."""
    world, recorder, truth = clip_world(seed, frames=frames, size=size), Recorder(), []
    engine = load(config=Config(), depth=recorder)
    for index in range(len(world)):
        seen = world.frame(index)
        if np.percentile(seen.depth_m, 1) < TOO_NEAR_M:
            return None
        engine.step(replace(seen.to_frame(), camera_to_world=None))
        truth.append(_shrunk(seen, recorder.clues[-1].log_inverse.shape))
    clues = recorder.clues
    if any(c.begins for c in clues[1:]):
        return None
    depth_m, true_flow, visible = (np.stack(values) for values in zip(*truth, strict=True))
    cameras = [(c.camera.fx, c.camera.fy, c.camera.cx, c.camera.cy) for c in clues]
    return DepthClip(
        images=np.stack([c.image for c in clues]),
        log_inverse=np.stack([c.log_inverse for c in clues]).astype(np.float16),
        confidence=np.stack([c.confidence for c in clues]).astype(np.float16),
        flow=np.stack([c.flow for c in clues]).astype(np.float16),
        motions=np.stack([c.motion for c in clues]),
        cameras=np.array(cameras),
        depth_m=depth_m,
        true_flow=true_flow,
        visible=visible,
    )


def _shrunk(
    seen: WorldFrame, size: tuple[int, ...]
) -> tuple[Float16[np.ndarray, "h w"], Float16[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """Single pixels of the truth: means across edges would be true of nothing."""
    height, width = seen.depth_m.shape
    rows = ((np.arange(size[0]) + 0.5) * height / size[0]).astype(int)[:, None]
    columns = ((np.arange(size[1]) + 0.5) * width / size[1]).astype(int)
    flow = seen.flow[rows, columns] * np.array([size[1] / width, size[0] / height])
    depth = seen.depth_m[rows, columns].clip(0.05, FARTHEST_M)
    return depth.astype(np.float16), flow.astype(np.float16), seen.visible[rows, columns]


def render_clips(folder: Path, *, count: int, seed: int) -> Iterator[int]:
    """Write one file per clip until there are ``count``; goes on where it was stopped.

    Yields:
        How many clips there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"clip-{seed:06d}-{number:05d}.npz"
        if not path.exists():
            _write(path, _next_clip(seed * 1_000_000 + 100 * number))
        yield number + 1


def _next_clip(seed: int) -> DepthClip:
    while (clip := clip_of(seed)) is None:
        seed += 1
    return clip


def _write(path: Path, clip: DepthClip) -> None:
    arrays = {f.name: getattr(clip, f.name) for f in fields(clip)}
    write_arrays(path, arrays, compressed=True)


def read_clips(folder: Path) -> list[DepthClip]:
    """Everything that was rendered to ``folder``, in the order of file names.

    Raises:
        SourceError: there is nothing.
    """
    paths = sorted(folder.glob("clip-*.npz"))
    if not paths:
        raise SourceError(
            f"{folder} holds no rendered clips (clip-*.npz).",
            remedy="Run: python tools/train_depth_memory.py render FOLDER",
        )
    clips = []
    for path in paths:
        with np.load(path) as file:
            clips.append(DepthClip(**{f.name: file[f.name] for f in fields(DepthClip)}))
    return clips
