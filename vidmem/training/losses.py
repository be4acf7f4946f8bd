"""What a depth network is blamed for."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

VARIANCE_FOCUS = 0.85
"""Share of the common error in log depth that is forgiven."""
SCALES = 4
Maps = Float[Tensor, "b h w"]


def silog(log: Maps, true_log: Maps) -> Float[Tensor, ""]:
    """Scale-invariant log error per picture (Eigen et al., 2014): sqrt(E d^2 - 0.85 (E d)^2)."""
    difference = (log - true_log).flatten(1)
    square, mean = difference.square().mean(1), difference.mean(1)
    return (square - VARIANCE_FOCUS * mean.square()).clamp_min(1e-6).sqrt().mean()


def aligned(inverse: Maps, truth: Maps) -> Maps:
    """The prediction under the scale and shift, one of each per picture, that fit best."""
    x, y = inverse.flatten(1), truth.flatten(1)
    mean_x, mean_y = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
    slope = ((x - mean_x) * (y - mean_y)).mean(1) / ((x - mean_x).square().mean(1) + 1e-6)
    return slope[:, None, None] * (inverse - mean_x[:, :, None]) + mean_y[:, :, None]


def affine_error(log: Maps, true_log: Maps) -> Float[Tensor, ""]:
    """Error of inverse depth after ``aligned``, as a share of its mean (Ranftl et al., 2020)."""
    truth = true_log.exp()
    error = (aligned(log.exp(), truth) - truth).abs().mean((1, 2))
    return (error / truth.mean((1, 2))).mean()


def gradient_error(log: Maps, true_log: Maps) -> Float[Tensor, ""]:
    """Differences between neighbours, at four scales: edges and flat surfaces."""
    difference = (log - true_log)[:, None]
    total = difference.new_zeros(())
    for _ in range(SCALES):
        across = (difference[..., 1:] - difference[..., :-1]).abs().mean()
        down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
        total = total + across + down
        difference = functional.avg_pool2d(difference, 2)
    return total


def depth_loss(log: Maps, depth_m: Maps) -> dict[str, Float[Tensor, ""]]:
    """The parts, and their weighted sum as ``loss``."""
    true_log = -torch.log(depth_m)
    parts = {
        "silog": silog(log, true_log),
        "affine": affine_error(log, true_log),
        "gradient": gradient_error(log, true_log),
        "scale": (log - true_log).mean((1, 2)).abs().mean(),
    }
    shape = parts["silog"] + parts["affine"] + 0.25 * parts["gradient"]
    return {**parts, "loss": shape + 0.3 * parts["scale"]}


def within(log: Maps, depth_m: Maps) -> Float[Tensor, " b"]:
    """d1 per picture, after the best scale and shift in inverse depth."""
    moved = aligned(log.exp(), 1 / depth_m).clamp_min(1e-3)
    ratio = moved * depth_m
    return (torch.maximum(ratio, 1 / ratio) < 1.25).float().mean((1, 2))
