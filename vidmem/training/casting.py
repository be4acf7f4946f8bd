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

NEAR = 0.02
"""Metres in front of the camera from which parts are seen."""
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
    rays = pixel_rays(stage, frames, size)
    to_local = stage.inverses[:, list(frames)] @ stage.camera_to_world[list(frames)]
    to_local = torch.as_tensor(to_local, dtype=torch.float32, device=stage.device)
    windows = _windows(stage, frames, size)
    for index in range(len(stage.parts)):
        top, bottom, left, right = windows[index]
        if top < bottom and left < right:
            window = (slice(top, bottom), slice(left, right))
            _cast_part(stage, index, hits, rays, to_local[index], window)
    return hits


Window = tuple[slice, slice]
_CORNERS = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])


def _windows(stage: Stage, frames: tuple[int, ...], size: tuple[int, int]) -> list[list[int]]:
    """First and last row and column each part can touch in any of the frames, from its corners."""
    height, width = size
    times = list(frames)
    reach = np.array([[1.3, 1.3, 0] if p.shape == "card" else [1, 1, 1] for p in stage.parts])
    corners = _CORNERS * reach[:, None]
    corners = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], -1).swapaxes(1, 2)
    to_camera = np.linalg.inv(stage.camera_to_world[times]) @ stage.matrices[:, times]
    points = to_camera[:, :, :3] @ corners[:, None]
    depth = points[:, :, 2]
    focal = stage.focal[times][:, None] * width
    safe = np.maximum(depth, NEAR)
    u = points[:, :, 0] / safe * focal + (width - 1) / 2
    v = points[:, :, 1] / safe * focal + (height - 1) / 2
    ends = [v.min((1, 2)), v.max((1, 2)) + 2, u.min((1, 2)), u.max((1, 2)) + 2]
    limits = np.array([height, height, width, width])
    windows = np.clip(np.floor(np.stack(ends, -1)), 0, limits).astype(int)
    around = (depth.min((1, 2)) < NEAR) | (stage.shape_codes == 0).cpu().numpy()
    windows[around] = (0, height, 0, width)
    windows[depth.max((1, 2)) < NEAR] = 0
    rows: list[list[int]] = windows.tolist()
    return rows


def _cast_part(
    stage: Stage,
    index: int,
    hits: Hits,
    rays: tuple[Tensor, Tensor],
    to_local: Float[Tensor, "frames 4 4"],
    window: Window,
) -> None:
    """Put one part into the buffers where it is nearest."""
    part, times = stage.parts[index], list(hits.frames)
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
