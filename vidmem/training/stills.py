"""Single pictures with depth, rendered once to a folder and read back by number."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float16, Float32, UInt8

from vidmem.errors import SourceError
from vidmem.training.casting import build_stage, cast_frames, one_thread
from vidmem.training.effects import expose
from vidmem.training.interiors import interior
from vidmem.training.render import build_paintbox, colour
from vidmem.training.scene import Scene
from vidmem.training.shards import write_arrays
from vidmem.training.staging import random_scene
from vidmem.training.world import WorldConfig

SIZE = (144, 192)
SHARD = 256
"""Pictures per file."""
VIEWS = 3
"""Pictures per scene."""
FARTHEST_M = 60.0
OTHER_PLACES = 0.4
"""Share of scenes that are the rooms, streets and fields of :mod:`.staging`: one picture each."""


@dataclass(frozen=True, slots=True, eq=False)
class Stills:
    """Pictures of one size with what is true about them; row = picture."""

    images: UInt8[np.ndarray, "stills height width 3"]
    depth_m: Float16[np.ndarray, "stills height width"]
    focal: Float32[np.ndarray, " stills"]
    """Focal length as a share of the picture's width."""

    def __len__(self) -> int:
        return len(self.focal)


@one_thread()
@torch.no_grad()
def stills_of(seed: int, *, size: tuple[int, int] = SIZE) -> Stills:
    """At most ``VIEWS`` useful pictures of the scene of this seed: the same ones every time."""
    random = np.random.default_rng([seed, 7])
    if random.random() < OTHER_PLACES:
        scene = random_scene(random, WorldConfig(frames=1, objects=4, furniture=9))
    else:
        scene = interior(random, views=2 * VIEWS)
    found = list(islice(_views(scene, size, seed), VIEWS))
    images = np.stack([v[0] for v in found]) if found else np.zeros((0, *size, 3), np.uint8)
    depths = np.stack([v[1] for v in found]) if found else np.zeros((0, *size), np.float32)
    focal = np.array([v[2] for v in found], np.float32)
    return Stills(images, depths.clip(0.05, FARTHEST_M).astype(np.float16), focal)


def _views(
    scene: Scene, size: tuple[int, int], seed: int
) -> Iterator[
    tuple[UInt8[np.ndarray, "height width 3"], Float32[np.ndarray, "height width"], float]
]:
    stage = build_stage(scene, device=torch.device("cpu"))
    paint = build_paintbox(scene, stage)
    for index in range(scene.frames):
        hits = cast_frames(stage, (index,), size)
        depth = hits.depth_m[0].numpy()
        if not _is_useful(depth):
            continue
        light = colour(stage, paint, hits)
        image = expose(
            light, scene.grade, flow=torch.zeros(1, *size, 2), frames=(index,), seed=seed
        )
        yield image[0], depth, float(scene.camera.focal[index])


def _is_useful(depth: Float32[np.ndarray, "height width"]) -> bool:
    """The camera is not inside of something, nor right in front of a wall."""
    near, median, far = np.percentile(depth, (1, 50, 95))
    return bool(near > 0.18 and median > 0.45 and far > 0.8)


def render_stills(folder: Path, *, count: int, seed: int) -> Iterator[int]:
    """Write shards of ``SHARD`` pictures until there are ``count``; goes on where it was stopped.

    Seeds count up from ``seed`` in a block of their own for every shard, so that a shard's content
    does not depend on the others.

    Yields:
        How many pictures there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(-(-count // SHARD)):
        path = folder / f"stills-{seed:06d}-{shard:05d}.npz"
        if not path.exists():
            _write(path, _gather(seed * 1_000_000 + shard * 10 * SHARD))
        yield (shard + 1) * SHARD


def _gather(seed: int) -> Stills:
    found: list[Stills] = []
    while sum(map(len, found)) < SHARD:
        found.append(stills_of(seed))
        seed += 1
    return _joined(found, SHARD)


def _joined(found: list[Stills], most: int | None = None) -> Stills:
    return Stills(
        np.concatenate([s.images for s in found])[:most],
        np.concatenate([s.depth_m for s in found])[:most],
        np.concatenate([s.focal for s in found])[:most],
    )


def _write(path: Path, stills: Stills) -> None:
    arrays = {"images": stills.images, "depth_m": stills.depth_m, "focal": stills.focal}
    write_arrays(path, arrays)


def read_stills(folder: Path) -> Stills:
    """Everything that was rendered to ``folder``, in the order of file names.

    Raises:
        SourceError: there is nothing.
    """
    paths = sorted(folder.glob("stills-*.npz"))
    if not paths:
        raise SourceError(
            f"{folder} holds no rendered pictures (stills-*.npz).",
            remedy="Run: python tools/train_nano.py render FOLDER",
        )
    shards = []
    for path in paths:
        with np.load(path) as file:
            shards.append(Stills(file["images"], file["depth_m"], file["focal"]))
    return _joined(shards)
