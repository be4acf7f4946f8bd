"""Remembered points and pictures as the current camera sees them, in torch: gradients pass."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Camera = Float[Tensor, "b 4"]
"""fx, fy, cx, cy in pixels of the maps."""
Poses = Float[Tensor, "b 4 4"]
Maps = Float[Tensor, "b _ _ _"]
"""Video, channel, row, column."""
Points = Float[Tensor, "b m 3"]
Places = Float[Tensor, "b m 2"]
NEAREST = 1e-3
STEEPEST = 2.0
"""Tangents beyond which a point counts as outside of any picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame per video of a batch; the maps are those of :class:`.memory_clues.Clues`."""

    image: Float[Tensor, "b 3 h w"]
    """0 to 1."""
    last_image: Float[Tensor, "b 3 h w"]
    """Of the previous frame; in a first frame the same one again."""
    log_inverse: Float[Tensor, "b 1 h w"]
    confidence: Float[Tensor, "b 1 h w"]
    flow: Float[Tensor, "b 2 h w"]
    camera: Camera
    pose: Poses
    """Camera to world."""
    """In double precision, as the next."""
    last_pose: Poses

    @property
    def to_camera(self) -> Poses:
        """From world to camera, in single precision."""
        return inverted(self.pose).float()

    @property
    def motion(self) -> Poses:
        """Takes points of this camera to the previous one."""
        return (inverted(self.last_pose) @ self.pose).float()


def rays_of(camera: Camera, size: tuple[int, int]) -> Float[Tensor, "b 3 h w"]:
    """Direction of every pixel, z = 1."""
    rows, columns = size
    fx, fy, cx, cy = camera[:, :, None, None].unbind(1)
    x = (torch.arange(columns, device=camera.device)[None, None, :] - cx) / fx
    y = (torch.arange(rows, device=camera.device)[None, :, None] - cy) / fy
    x, y = x.expand(-1, rows, -1), y.expand(-1, -1, columns)
    return torch.stack([x, y, torch.ones_like(x)], 1)


def moved(points: Points, pose: Poses) -> Points:
    """Under a rigid motion."""
    result: Tensor = points @ pose[:, :3, :3].transpose(1, 2) + pose[:, None, :3, 3]
    return result


def inverted(pose: Poses) -> Poses:
    """The inverse of rigid motions."""
    turn = pose[:, :3, :3].transpose(1, 2)
    inverse = torch.zeros_like(pose)
    inverse[:, :3, :3], inverse[:, 3, 3] = turn, 1
    inverse[:, :3, 3] = -(turn @ pose[:, :3, 3:])[..., 0]
    return inverse


def projected(points: Points, camera: Camera) -> tuple[Places, Float[Tensor, "b m"]]:
    """Pixels (x, y) and log inverse depth; points behind go far out of the picture."""
    z = points[..., 2]
    front = z > NEAREST
    safe = torch.where(front, z, 1.0)
    tangents = (points[..., :2] / safe[..., None]).clamp(-STEEPEST, STEEPEST)
    tangents = torch.where(front[..., None], tangents, STEEPEST)
    return tangents * camera[:, None, :2] + camera[:, None, 2:], -safe.log()


def stray(flow: Maps, log_inverse: Maps, camera: Camera, motion: Poses) -> Maps:
    """What of the flow a still scene of this depth does not explain, in pixels."""
    size = (flow.shape[2], flow.shape[3])
    points = rays_of(camera, size) * (-log_inverse).exp()
    there, _ = projected(moved(points.flatten(2).transpose(1, 2), motion), camera)
    columns = torch.arange(size[1], device=flow.device).expand(size)
    rows = torch.arange(size[0], device=flow.device)[:, None].expand(size)
    here = torch.stack([columns, rows]).to(flow.dtype)
    rigid = there.transpose(1, 2).reshape(flow.shape) - here
    return (flow - rigid).clamp(-8, 8)


def sampled(maps: Maps, places: Places) -> Float[Tensor, "b m c"]:
    """Bilinear, at pixels (x, y); the edge goes on outside."""
    size = places.new_tensor([maps.shape[3], maps.shape[2]])
    grid = (places + 0.5) / size * 2 - 1
    found = functional.grid_sample(
        maps, grid[:, :, None], padding_mode="border", align_corners=False
    )
    return found[..., 0].transpose(1, 2)


def warped(maps: Maps, flow: Maps) -> Maps:
    """Where ``flow`` (in pixels of these maps) points; zero outside."""
    rows, columns = maps.shape[2:]
    x = flow[:, 0] + torch.arange(columns, device=flow.device)
    y = flow[:, 1] + torch.arange(rows, device=flow.device)[:, None]
    grid = torch.stack([(x + 0.5) / columns, (y + 0.5) / rows], -1) * 2 - 1
    return functional.grid_sample(maps, grid, align_corners=False)
