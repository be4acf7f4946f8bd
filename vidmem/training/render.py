"""Colour of what the rays hit: textures with mip levels, one light, soft shadows, haze."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vidmem.training.casting import Hits, Stage, directions, pixel_rays
from vidmem.training.scene import SHAPES, Scene

ROOM, BALL, CYLINDER, CARD = (SHAPES.index(s) for s in ("room", "ball", "cylinder", "card"))


@dataclass(frozen=True, slots=True, eq=False)
class Paintbox:
    """Skins and light as tensors."""

    texels: Int[Tensor, " texels"]
    """Red, green, blue and nothing, packed in 32 bits: one look-up fetches all three."""
    level_start: Int[Tensor, " levels"]
    side: int
    skin: Int[Tensor, "parts 6"]
    tiles_per_m: Float[Tensor, "parts 6"]
    half_size_m: Float[Tensor, "parts 3"]
    scene: Scene


def build_paintbox(scene: Scene, stage: Stage) -> Paintbox:
    """Mip levels of every texture in one row of texels, and who wears what."""
    levels, starts, images = [], [0], list(scene.textures)
    while images[0].shape[0] >= 8:
        levels.append(np.stack(images).reshape(-1, 3))
        starts.append(starts[-1] + len(levels[-1]))
        half = images[0].shape[0] // 2
        images = [cv2.resize(i, (half, half), interpolation=cv2.INTER_AREA) for i in images]
    skins = [p.skins if len(p.skins) == 6 else p.skins * 6 for p in stage.parts]
    texels = np.concatenate(levels)
    packed = np.concatenate([texels, np.zeros_like(texels[:, :1])], 1)
    half = np.linalg.norm(stage.matrices[:, 0, :3, :3], axis=1)
    return Paintbox(
        texels=torch.as_tensor(packed.view(np.int32)[:, 0], device=stage.device),
        level_start=torch.tensor(starts[:-1], device=stage.device),
        side=scene.textures.shape[1],
        skin=torch.tensor([[s.texture for s in row] for row in skins], device=stage.device),
        tiles_per_m=torch.tensor(
            [[s.tiles_per_m for s in row] for row in skins], device=stage.device
        ),
        half_size_m=torch.as_tensor(half, dtype=torch.float32, device=stage.device),
        scene=scene,
    )


def colour(stage: Stage, box: Paintbox, hits: Hits) -> Float[Tensor, "frames 3 rows columns"]:
    """Light that reaches the camera, about 0..1, before the camera's own effects."""
    size = (hits.depth_m.shape[1], hits.depth_m.shape[2])
    x, y = pixel_rays(stage, hits.frames, size)
    part = hits.part.clamp_min(0)
    kind = stage.shape_codes[part]
    material = hits.material
    axis = _axis(material, kind)
    normal, view = _world_normal(stage, hits, (part, kind, axis), (x, y))
    facing = -(normal * view).sum(1) * view.square().sum(1).rsqrt()
    albedo = _albedo(stage, box, hits, (part, kind, axis), facing)
    light = torch.tensor(box.scene.light.towards, device=stage.device)
    lambert = (normal * (light / light.norm())[:, None, None]).sum(1)
    ambient = box.scene.light.ambient
    shade = ambient + (1 - ambient) * (0.25 + 0.75 * lambert).clamp_min(0)
    shade = torch.where(
        kind == ROOM, shade * _corners(material) * _shadows(stage, box, hits), shade
    )
    return _haze(box.scene, albedo * shade[:, None], hits.depth_m)


def _axis(material: Tensor, kind: Tensor) -> Tensor:
    """Which face of a box: the coordinate of largest size. Cards are z; cylinders y or side (z)."""
    size = material.abs()
    x, y, z = size[:, 0], size[:, 1], size[:, 2]
    axis = torch.where(y > x, 1, 0)
    axis = torch.where(z > torch.maximum(x, y), 2, axis)
    axis = torch.where(kind == CARD, 2, axis)
    return torch.where(kind == CYLINDER, torch.where(y > 0.9999, 1, 2), axis)


def _world_normal(
    stage: Stage, hits: Hits, what: tuple[Tensor, Tensor, Tensor], rays: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Unit normals turned towards the camera, and unnormalised viewing directions."""
    part, kind, axis = what
    times = list(hits.frames)
    inverses = torch.as_tensor(
        stage.inverses[:, times, :3, :3], dtype=torch.float32, device=stage.device
    )
    table = inverses.transpose(0, 1).reshape(-1, 9).T.contiguous()
    step = torch.arange(len(times), device=part.device)[:, None, None] * len(stage.parts)
    index = (part + step).reshape(-1)
    local = _local_normal(hits.material, kind, axis)
    columns = []
    for j in range(3):
        rows = (table[3 * i + j].index_select(0, index).reshape(part.shape) for i in range(3))
        columns.append(_dot(rows, local))
    normal = torch.stack(columns, 1)
    normal = normal * normal.square().sum(1, keepdim=True).clamp_min(1e-18).rsqrt()
    rotation = torch.as_tensor(
        stage.camera_to_world[times, :3, :3], dtype=torch.float32, device=stage.device
    )
    view = directions(rotation, *rays)
    away = (normal * view).sum(1, keepdim=True) > 0
    return torch.where(away, -normal, normal), view


def _dot(rows: Iterable[Tensor], others: Iterable[Tensor]) -> Tensor:
    products = [a * b for a, b in zip(rows, others, strict=True)]
    return products[0] + products[1] + products[2]


def _local_normal(material: Tensor, kind: Tensor, axis: Tensor) -> list[Tensor]:
    round_side = (kind == BALL) | ((kind == CYLINDER) & (axis == 2))
    pillow = kind == CARD  # a cut-out is shaded as if it were stuffed
    normal = []
    for i in range(3):
        m = material[:, i]
        flat = torch.where(axis == i, m.sign(), 0.0)
        curved = torch.where((kind == CYLINDER) & (axis == 2), m * (i != 1), m)
        stuffed = 0.7 * m if i < 2 else torch.ones_like(m)
        normal.append(torch.where(pillow, stuffed, torch.where(round_side, curved, flat)))
    return normal


def _albedo(
    stage: Stage, box: Paintbox, hits: Hits, what: tuple[Tensor, Tensor, Tensor], facing: Tensor
) -> Tensor:
    part, kind, axis = what
    m = hits.material
    side = torch.where(axis == 0, m[:, 0], torch.where(axis == 1, m[:, 1], m[:, 2])) > 0
    face = 2 * axis + side
    half = box.half_size_m[part]
    u = torch.where(axis == 0, m[:, 2] * half[..., 2], m[:, 0] * half[..., 0])
    v = torch.where(axis == 1, m[:, 2] * half[..., 2], m[:, 1] * half[..., 1])
    tiles = box.tiles_per_m.reshape(-1)[part * 6 + face]
    u, v = u * tiles, v * tiles
    turned = ((kind == BALL) | ((kind == CYLINDER) & (axis == 2))).flatten().nonzero()[:, 0]
    if len(turned):
        u, v = _wrap_around(u, v, m, (turned, kind, half, tiles))
    focal = torch.as_tensor(stage.focal[list(hits.frames)], device=part.device).float()
    width = m.shape[-1]
    spread = tiles * hits.depth_m / (focal[:, None, None] * width) * box.side
    level = torch.log2(spread / facing.clamp(0.08, 1).sqrt() + 1e-6).round()
    level = level.clamp(0, len(box.level_start) - 1).long()
    texture = box.skin.reshape(-1)[part * 6 + face]
    sampled = _sample(box, texture, level, u, v)
    return sampled * _tint(stage, hits, part)


def _wrap_around(
    u: Tensor, v: Tensor, m: Tensor, what: tuple[Tensor, Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Longitude, and latitude or height, with a whole number of tiles around."""
    turned, kind, half, tiles = what
    x, y, z = (m[:, i].flatten()[turned] for i in range(3))
    radius = half[..., 0].flatten()[turned]
    tiles, ball = tiles.flatten()[turned], kind.flatten()[turned] == BALL
    around = (2 * math.pi * radius * tiles).round().clamp_min(1)
    height = torch.where(ball, torch.asin(y.clamp(-1, 1)) * radius * tiles, v.flatten()[turned])
    u, v = u.clone(), v.clone()
    u.view(-1)[turned] = torch.atan2(x, z) / (2 * math.pi) * around
    v.view(-1)[turned] = height
    return u, v


def _sample(box: Paintbox, texture: Tensor, level: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Bilinear, wrapping, at the nearest mip level."""
    side = torch.full_like(level, box.side) >> level
    start = box.level_start[level] + texture * side * side
    u, v = u * side - 0.5, v * side - 0.5
    left, top = u.floor(), v.floor()
    a, b = u - left, v - top
    x0, y0 = left.long() & (side - 1), top.long() & (side - 1)
    x1, y1 = (x0 + 1) & (side - 1), (y0 + 1) & (side - 1)
    total = torch.zeros((u.numel(), 4), device=u.device)
    for x, y, weight in (
        (x0, y0, (1 - a) * (1 - b)),
        (x1, y0, a * (1 - b)),
        (x0, y1, (1 - a) * b),
        (x1, y1, a * b),
    ):
        index = (start + y * side + x).reshape(-1)
        texel = box.texels.index_select(0, index).view(torch.uint8).reshape(-1, 4)
        total.addcmul_(texel.float(), weight.reshape(-1, 1), value=1 / 255)
    return total[:, :3].reshape(*u.shape, 3).movedim(-1, 1).contiguous()


def _tint(stage: Stage, hits: Hits, part: Tensor) -> Tensor | float:
    times = list(hits.frames)
    if all(p.tint is None for p in stage.parts):
        return 1.0
    rows = [np.ones((len(times), 3)) if p.tint is None else p.tint[times] for p in stage.parts]
    table = torch.as_tensor(np.stack(rows, 1), dtype=torch.float32, device=part.device)
    step = torch.arange(len(times), device=part.device)[:, None, None]
    return table[step, part].movedim(-1, 1)


def _corners(material: Tensor) -> Tensor:
    """Rooms are darker where walls meet: the middle coordinate says how near the next wall is."""
    x, y, z = material.abs().unbind(1)
    low, high = torch.minimum(x, y), torch.maximum(x, y)
    near = 1 - torch.maximum(low, torch.minimum(high, z))
    return 1 - 0.35 / (1 + (near / 0.08) ** 2)


def _shadows(stage: Stage, box: Paintbox, hits: Hits) -> Tensor:
    """A soft dark spot on the floor below every body that casts one."""
    floor = hits.material[:, 1] > 0.9999
    light = torch.ones_like(hits.depth_m)
    rows = floor.any(dim=2).any(dim=0).nonzero()[:, 0]
    if not len(rows):
        return light
    top = int(rows[0])  # the floor is below the horizon: half the pixels
    half, centre = box.half_size_m[0], stage.matrices[0, 0, :3, 3]
    x = hits.material[:, 0, top:] * half[0] + centre[0]
    z = hits.material[:, 2, top:] * half[2] + centre[2]
    below = light[:, top:]
    for body in box.scene.bodies:
        if body.shadow_m:
            root = np.broadcast_to(body.root, (box.scene.frames, 4, 4))[list(hits.frames), :3, 3]
            place = torch.as_tensor(root, dtype=torch.float32, device=x.device)[..., None, None]
            lifted = 1 + place[:, 1].abs()
            far = (x - place[:, 0]) ** 2 + (z - place[:, 2]) ** 2
            below *= 1 - 0.6 / lifted / (1 + far * (1.2 / (body.shadow_m * lifted)) ** 2) ** 2
    return torch.where(floor, light, 1.0)


def _haze(scene: Scene, image: Tensor, depth: Tensor) -> Tensor:
    if math.isinf(scene.light.haze_m):
        return image
    clear = torch.exp2(-depth / scene.light.haze_m)[:, None]
    colour = torch.tensor(scene.light.haze_colour, device=image.device)[:, None, None]
    return image * clear + colour * (1 - clear)
