"""Exact optical flow: where each pixel's material point was in the previous frame."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32
from torch import Tensor

from vidmem.training.casting import Hits, Stage, wave_of
from vidmem.training.shapes import unbend

SAME_DEPTH = 0.02
"""A point counts as seen before where the surface there is at most this share nearer."""


def flow_to(
    stage: Stage, hits: Hits, before: Hits
) -> tuple[Float32[Tensor, "frames rows columns 2"], Bool[Tensor, "frames rows columns"]]:
    """Offset in pixels to the same frames of ``before``, and whether the point was seen there.

    Visibility is decided in the previous picture: inside it, the same part at the nearest pixel,
    and no nearer there than 2 % before the farthest depth of that pixel and its neighbours.
    """
    rows, columns = hits.depth_m.shape[1:]
    material = _previous_local(stage, hits, before)
    part = hits.part.clamp_min(0)
    projections = _projections(stage, before, columns)
    count = len(stage.parts)
    step = torch.arange(len(hits.frames), device=part.device)[:, None, None] * count
    table = projections.reshape(-1, 12).T.contiguous()
    index = (part + step).reshape(-1)
    coordinates = []
    for axis in range(3):
        terms = [table[4 * axis + i].index_select(0, index).reshape(part.shape) for i in range(4)]
        products = (terms[i] * material[:, i] for i in range(3))
        coordinates.append(sum(products, start=terms[3]))
    depth = coordinates[2]
    safe = torch.where(depth > 1e-3, depth, 1.0)
    x = coordinates[0] / safe + (columns - 1) / 2
    y = coordinates[1] / safe + (rows - 1) / 2
    visible = _seen(hits, before, x, y, depth)
    x = x - torch.arange(columns, device=x.device)
    y = y - torch.arange(rows, device=y.device)[:, None]
    return torch.stack((x, y), dim=-1), visible


def _previous_local(stage: Stage, hits: Hits, before: Hits) -> Tensor:
    """Material coordinates put back to geometric ones of the earlier frame: bent cards only."""
    local = hits.material
    for index, part in enumerate(stage.parts):
        if part.shape != "card" or part.wave is None:
            continue
        wave = wave_of(part, list(before.frames), stage.device)
        u, v = unbend(hits.material[:, 0], hits.material[:, 1], wave)
        bent = torch.stack((u, v, torch.zeros_like(u)), 1)
        local = torch.where((hits.part == index)[:, None], bent, local)
    return local


def _projections(stage: Stage, before: Hits, columns: int) -> Tensor:
    """Per frame and part: local coordinates to centred pixels times depth, and depth."""
    times = list(before.frames)
    to_camera = np.linalg.inv(stage.camera_to_world[times])[:, None] @ np.moveaxis(
        stage.matrices[:, times], 1, 0
    )
    rows = to_camera[:, :, :3].copy()
    rows[:, :, :2] *= (stage.focal[times] * columns)[:, None, None, None]
    return torch.as_tensor(rows, dtype=torch.float32, device=stage.device)


def _seen(hits: Hits, before: Hits, x: Tensor, y: Tensor, depth: Tensor) -> Tensor:
    rows, columns = depth.shape[1:]
    column, row = x.round().long(), y.round().long()
    inside = (x >= 0) & (y >= 0) & (x <= columns - 1) & (y <= rows - 1) & (depth > 1e-3)
    place = (row.clamp(0, rows - 1) * columns + column.clamp(0, columns - 1)).flatten(1)
    # The farthest of the neighbours: floors near the horizon change by metres from row to row.
    around = F.max_pool2d(before.depth_m, 3, stride=1, padding=1)
    surface = around.flatten(1).gather(1, place).reshape(depth.shape)
    part = before.part.flatten(1).gather(1, place).reshape(depth.shape)
    return inside & (part == hits.part) & (depth < surface * (1 + SAME_DEPTH))
