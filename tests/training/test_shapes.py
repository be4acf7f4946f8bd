"""Rays against unit shapes, checked by hand and by random points."""

import math

import pytest
import torch

from vidmem.training.shapes import bend, cast, unbend


def _ray(origin: tuple[float, ...], direction: tuple[float, ...]) -> tuple[torch.Tensor, ...]:
    return torch.tensor(origin).reshape(1, 3, 1, 1), torch.tensor(direction).reshape(1, 3, 1, 1)


@pytest.mark.parametrize("shape", ["box", "ball"])
def test_a_ray_along_an_axis_hits_at_the_near_side(shape: str) -> None:
    assert cast(shape, *_ray((0, 0, -5.0), (0, 0, 1.0))).item() == pytest.approx(4)  # type: ignore[arg-type]
    assert math.isinf(cast(shape, *_ray((0, 3, -5.0), (0, 0, 1.0))).item())  # type: ignore[arg-type]
    assert math.isinf(cast(shape, *_ray((0, 0, 5.0), (0, 0, 1.0))).item())  # type: ignore[arg-type]


def test_a_room_is_seen_from_inside_and_a_card_at_its_plane() -> None:
    assert cast("room", *_ray((0, 0, 0.0), (0, 0, 1.0))).item() == pytest.approx(1)
    assert cast("card", *_ray((0.5, 0, -3.0), (0, 0, 1.0))).item() == pytest.approx(3)
    assert math.isinf(cast("card", *_ray((2.0, 0, -3.0), (0, 0, 1.0))).item())


def test_a_cylinder_has_a_side_and_caps() -> None:
    assert cast("cylinder", *_ray((0, 0.5, -5.0), (0, 0, 1.0))).item() == pytest.approx(4)
    assert cast("cylinder", *_ray((0, -5.0, 0.5), (0, 1.0, 0))).item() == pytest.approx(4)
    assert math.isinf(cast("cylinder", *_ray((0, 1.5, -5.0), (0, 0, 1.0))).item())


def test_hits_lie_on_the_surface() -> None:
    generator = torch.Generator().manual_seed(0)
    origin = torch.randn(1, 3, 1, 1, generator=generator) + torch.tensor([0, 0, -4.0]).view(
        1, 3, 1, 1
    )
    direction = torch.randn(1, 3, 40, 40, generator=generator) * 0.3
    direction[:, 2] = 1
    depth = cast("ball", origin, direction)
    hit = torch.isfinite(depth)
    points = (origin + torch.where(hit, depth, 0)[:, None] * direction).norm(dim=1)
    assert hit.any()
    assert torch.allclose(points[hit], torch.ones(int(hit.sum())), atol=1e-4)


def test_bending_can_be_undone() -> None:
    x, y = torch.rand(2, 1, 8, 8) * 2 - 1
    wave = torch.full((1, 1, 1), 0.4)
    u, v = unbend(*bend(x, y, wave), wave)
    assert torch.allclose(u, x, atol=1e-6) and torch.allclose(v, y, atol=1e-6)
