"""Remembered tokens moved by gradient, while the video runs: the answers are to agree."""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vidmem.heads.memory_look import Memorised
from vidmem.heads.memory_motion import (
    Maps,
    Seen,
    inverted,
    moved,
    projected,
    rays_of,
    stray,
    warped,
)
from vidmem.heads.memory_network import MemoryNetwork

RATE = 1.0
"""Step along the gradient, per token: the loss is a mean, each token has its share of it."""
LONGEST = 0.05
"""Greatest change of a feature, or of a point's log distance, in one step."""
STRAY_PX = 0.75
"""Flow that a still scene does not explain, in pixels of the maps: something moves there."""
SOFT = 0.01


def by_gradient(
    network: MemoryNetwork,
    seen: Seen,
    memory: Memorised,
    decoded: Maps,
    last_log: Maps,
    still: Bool[Tensor, "b 1 h w"],
) -> Memorised:
    """One step that lessens the disagreement between this answer and the one before.

    Args:
        network: its weights do not change.
        seen: the current frame.
        memory: what it would read.
        decoded: decoder features of the previous frame.
        last_log: the previous answer, log inverse depth.
        still: not on a followed object.
    """
    expected, comparable = brought_along(last_log, seen)
    rigid = stray(seen.flow, seen.log_inverse, seen.camera, seen.motion).norm(dim=1, keepdim=True)
    use = (still & comparable & (rigid < STRAY_PX)).float()
    with torch.enable_grad():
        features = memory.features.detach().clone().requires_grad_()
        farther = torch.zeros(memory.points.shape[:2]).requires_grad_()
        trial = replace(_farther(memory, farther, seen), features=features)
        error = network(seen, trial, decoded).log_inverse - expected
        loss = (use * (error.square() + SOFT**2).sqrt()).sum() / use.sum().clamp_min(1)
        slopes = torch.autograd.grad(loss, (features, farther))
    steps = [(-RATE * farther.shape[1] * s).clamp(-LONGEST, LONGEST) for s in slopes]
    return replace(_farther(memory, steps[1], seen), features=memory.features + steps[0])


def brought_along(last_log: Maps, seen: Seen) -> tuple[Maps, Bool[Tensor, "b 1 h w"]]:
    """The previous answer as the current camera sees it, and where there is one."""
    size = (last_log.shape[2], last_log.shape[3])
    both = warped(torch.cat([last_log, torch.ones_like(last_log)], 1), seen.flow)
    log, inside = both.chunk(2, 1)
    focal = seen.camera[:, :2, None, None]
    there = rays_of(seen.camera, size)
    there = torch.cat([there[:, :2] + seen.flow / focal, there[:, 2:]], 1)
    points = (there * (-log).exp()).flatten(2).transpose(1, 2)
    _, now = projected(moved(points, inverted(seen.motion)), seen.camera)
    return now.reshape(last_log.shape), inside > 1 - SOFT


def _farther(memory: Memorised, by: Float[Tensor, "b m"], seen: Seen) -> Memorised:
    """Points moved away from the camera, by a change of their log distance."""
    ahead = moved(memory.points, seen.to_camera) * by.exp()[..., None]
    return replace(memory, points=moved(ahead, seen.pose.float()))
