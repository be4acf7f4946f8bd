"""Rays against unit shapes, batched over frames and pixels, in plain torch.

A ray is ``origin + depth * direction`` where the direction has camera z = 1, so the ray parameter
*is* the depth in metres, in world and local coordinates alike. Channels come first.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vidmem.training.scene import Shape

Origins = Float[Tensor, "frames 3 1 1"]
Directions = Float[Tensor, "frames 3 rows columns"]
Depths = Float[Tensor, "frames rows columns"]
MISS = float("inf")


def cast(shape: Shape, origin: Origins, direction: Directions) -> Depths:
    """Depth of the first hit with a unit shape, infinite where there is none.

    A card is hit on its whole square; :func:`inside_silhouette` cuts it out.
    """
    if shape == "ball":
        return _cast_ball(origin, direction)
    if shape == "card":
        return _cast_card(origin, direction)
    if shape == "cylinder":
        return _cast_cylinder(origin, direction)
    near, far = _slabs(origin, direction)
    if shape == "room":
        return far
    return _first(near, far)


def _slabs(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    # Kay and Kajiya 1986: a box is where three slabs overlap.
    inverse = 1.0 / torch.where(direction.abs() < 1e-9, 1e-9, direction)
    centre = -origin * inverse
    reach = inverse.abs()
    return (centre - reach).amax(dim=1), (centre + reach).amin(dim=1)


def _first(near: Tensor, far: Tensor) -> Tensor:
    return torch.where((near < far) & (near > 1e-3), near, MISS)


def _quadratic(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    discriminant = b * b - a * c
    root = discriminant.clamp_min(0).sqrt()
    hit = discriminant > 0
    return torch.where(hit, (-b - root) / a, MISS), torch.where(hit, (root - b) / a, -MISS)


def _cast_ball(origin: Tensor, direction: Tensor) -> Tensor:
    a = (direction * direction).sum(1)
    near, far = _quadratic(a, (origin * direction).sum(1), (origin * origin).sum(1) - 1)
    return _first(near, far)


def _cast_cylinder(origin: Tensor, direction: Tensor) -> Tensor:
    o, d = origin[:, ::2], direction[:, ::2]
    a = (d * d).sum(1).clamp_min(1e-12)
    near, far = _quadratic(a, (o * d).sum(1), (o * o).sum(1) - 1)
    bottom, top = _slabs(origin[:, 1:2], direction[:, 1:2])
    return _first(torch.maximum(near, bottom), torch.minimum(far, top))


def _cast_card(origin: Tensor, direction: Tensor) -> Tensor:
    along = direction[:, 2]
    depth = -origin[:, 2] / torch.where(along.abs() < 1e-9, 1e-9, along)
    x = origin[:, 0] + depth * direction[:, 0]
    y = origin[:, 1] + depth * direction[:, 1]
    # A bent card reaches over its square by at most a quarter; the silhouette ends it.
    return torch.where((torch.maximum(x.abs(), y.abs()) < 1.3) & (depth > 1e-3), depth, MISS)


WAVES = (2.3, 1.7)
"""Spatial frequency of a card's two bends."""


def bend(x: Tensor, y: Tensor, wave: Tensor) -> tuple[Tensor, Tensor]:
    """Geometric to material coordinates of a bent card: two shears, so it can be undone exactly."""
    x = x + wave * torch.sin(WAVES[0] * y + 1.0)
    return x, y + wave * torch.sin(WAVES[1] * x)


def unbend(x: Tensor, y: Tensor, wave: Tensor) -> tuple[Tensor, Tensor]:
    """Material to geometric coordinates: the inverse of :func:`bend`."""
    y = y - wave * torch.sin(WAVES[1] * x)
    return x - wave * torch.sin(WAVES[0] * y + 1.0), y


def inside_silhouette(x: Tensor, y: Tensor, silhouette: Float[Tensor, "side side"]) -> Tensor:
    """Whether material points of a card belong to the cut-out figure."""
    grid = torch.stack((x, y), dim=-1).reshape(1, 1, -1, 2).nan_to_num(9.0, 9.0, 9.0)
    value = F.grid_sample(silhouette[None, None], grid.clamp(-4, 4), align_corners=False)
    return value.reshape(x.shape) > 0.5
