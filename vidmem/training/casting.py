"""The geometry of frames: which part each pixel sees, how far, and where on the part."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vidmem.training.scene import SHAPES, Part, Scene
from vidmem.training.shapes import bend, cast, inside_silhouette

NOTHING = 1e9
"""Depth of a pixel that sees nothing (scenes without a room)."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Render on one thread: hundreds of small operations lose more by waiting for each other.

    On a busy machine with two threads a frame took 50 times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A scene's parts as tensors on a device, ready to be cast."""

    parts: tuple[Part, ...]
    object_ids: Int[Tensor, " parts"]
    shape_codes: Int[Tensor, " parts"]
    matrices: Float[np.ndarray, "parts frames 4 4"]
    inverses: Float[np.ndarray, "parts frames 4 4"]
    camera_to_world: Float[np.ndarray, "frames 4 4"]
    focal: Float[np.ndarray, " frames"]
    silhouettes: Float[Tensor, "silhouettes side side"]
    device: torch.device


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What every pixel of a few frames sees. Material coordinates belong to the part."""

    frames: tuple[int, ...]
    depth_m: Float[Tensor, "frames rows columns"]
    part: Int[Tensor, "frames rows columns"]
    material: Float[Tensor, "frames 3 rows columns"]


def build_stage(scene: Scene, *, device: torch.device) -> Stage:
    """Flatten bodies to parts, with one matrix per part and frame (float64: small and exact)."""
    count = scene.frames
    parts = [(body, part) for body in scene.bodies for part in body.parts]
    matrices = np.empty((len(parts), count, 4, 4))
    for i, (body, part) in enumerate(parts):
        matrices[i] = body.root @ part.local
    return Stage(
        parts=tuple(part for _, part in parts),
        object_ids=torch.tensor([b.object_id for b, _ in parts], device=device),
        shape_codes=torch.tensor([SHAPES.index(p.shape) for _, p in parts], device=device),
        matrices=matrices,
        inverses=np.linalg.inv(matrices),
        camera_to_world=scene.camera.camera_to_world,
        focal=scene.camera.focal,
        silhouettes=torch.as_tensor(scene.silhouettes, device=device),
        device=device,
    )


def pixel_rays(
    stage: Stage, frames: tuple[int, ...], size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Camera x and y of every column and row at z = 1: pixel centres are at whole numbers."""
    height, width = size
    focal = torch.as_tensor(stage.focal[list(frames)] * width, dtype=torch.float32)[:, None]
    x = (torch.arange(width) - (width - 1) / 2) / focal
    y = (torch.arange(height) - (height - 1) / 2) / focal
    return x.to(stage.device), y.to(stage.device)


def directions(
    rotation: Float[Tensor, "frames 3 3"], x: Tensor, y: Tensor
) -> Float[Tensor, "frames 3 rows columns"]:
    """Rays in another frame of axes; linear in pixels, so it is one sum of a row and a column."""
    along = rotation[:, :, 0, None] * x[:, None]
    down = rotation[:, :, 1, None] * y[:, None] + rotation[:, :, 2, None]
    return along[:, :, None, :] + down[:, :, :, None]


def cast_frames(stage: Stage, frames: tuple[int, ...], size: tuple[int, int]) -> Hits:
    """The nearest part at every pixel centre of some frames."""
    shape = (len(frames), *size)
    hits = Hits(
        frames=frames,
        depth_m=torch.full(shape, NOTHING, device=stage.device),
        part=torch.full(shape, -1, dtype=torch.int64, device=stage.device),
        material=torch.zeros((len(frames), 3, *size), device=stage.device),
    )
    x, y = pixel_rays(stage, frames, size)
    poses = stage.camera_to_world[list(frames)]
    for index in range(len(stage.parts)):
        window = _window(stage, index, frames, poses, size)
        if window is not None:
            _cast_part(stage, index, hits, (x, y), poses, window)
    return hits


Window = tuple[slice, slice]


def _window(
    stage: Stage, index: int, frames: tuple[int, ...], poses: np.ndarray, size: tuple[int, int]
) -> Window | None:
    """Rows and columns a part can touch in any of the frames, from its corners."""
    height, width = size
    if stage.parts[index].shape == "room":
        return slice(0, height), slice(0, width)
    flat = stage.parts[index].shape == "card"
    reach = 1.3 if flat else 1.0
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]) * reach
    if flat:
        signs[:, 2] = 0
    corners = np.concatenate([signs, np.ones((8, 1))], 1).T
    to_camera = np.linalg.inv(poses) @ stage.matrices[index, list(frames)]
    points = to_camera[:, :3] @ corners
    if points[:, 2].max() < 0.02:
        return None
    if points[:, 2].min() < 0.02:
        return slice(0, height), slice(0, width)
    focal = stage.focal[list(frames)][:, None] * width
    u = points[:, 0] / points[:, 2] * focal + (width - 1) / 2
    v = points[:, 1] / points[:, 2] * focal + (height - 1) / 2
    left, right = max(int(u.min()), 0), min(int(u.max()) + 2, width)
    top, bottom = max(int(v.min()), 0), min(int(v.max()) + 2, height)
    if left >= right or top >= bottom:
        return None
    return slice(top, bottom), slice(left, right)


def _cast_part(
    stage: Stage,
    index: int,
    hits: Hits,
    rays: tuple[Tensor, Tensor],
    poses: np.ndarray,
    window: Window,
) -> None:
    """Put one part into the buffers where it is nearest."""
    part, times = stage.parts[index], list(hits.frames)
    to_local = torch.as_tensor(
        stage.inverses[index, times] @ poses, dtype=torch.float32, device=stage.device
    )
    direction = directions(to_local[:, :3, :3], rays[0][:, window[1]], rays[1][:, window[0]])
    origin = to_local[:, :3, 3, None, None]
    near = cast(part.shape, origin, direction)
    depth = hits.depth_m[:, window[0], window[1]]
    closer = near < depth
    point = origin + torch.where(closer, near, 0.0)[:, None] * direction
    if part.shape == "card":
        wave = wave_of(part, times, stage.device)
        u, v = bend(point[:, 0], point[:, 1], wave)
        closer &= inside_silhouette(u, v, stage.silhouettes[part.silhouette])
        point = torch.stack((u, v, torch.zeros_like(u)), 1)
    depth.copy_(torch.where(closer, near, depth))
    label = hits.part[:, window[0], window[1]]
    label.masked_fill_(closer, index)
    material = hits.material[:, :, window[0], window[1]]
    material.copy_(torch.where(closer[:, None], point, material))


def wave_of(part: Part, times: list[int], device: torch.device) -> Float[Tensor, "frames 1 1"]:
    """How far a card is bent in some frames."""
    wave = np.zeros(len(times)) if part.wave is None else part.wave[times]
    return torch.as_tensor(wave, dtype=torch.float32, device=device)[:, None, None]


def label_image(stage: Stage, hits: Hits) -> Int[Tensor, "frames rows columns"]:
    """Object ids; 0 is background."""
    ids = torch.cat((stage.object_ids, stage.object_ids.new_zeros(1)))
    return ids[hits.part]
