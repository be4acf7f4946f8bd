"""The three sources of a mask, and their sum."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidmem.statistics import Appearance, guided
from vidmem.types import Features

APPEARANCE_WEIGHT = 3.0
CARRIED_WEIGHT = 0.5
MEMORY_WEIGHT = 0.4
OTHER_WEIGHT = 3.0
SHARPNESS = 3.0
GATE_PX = 12.0
"""How far from the carried mask a pixel may lie before it counts less."""
GATE_SLOPE = 1.0
LIMIT = 1e-4
EDGE_RADIUS = 4
EDGE_EPSILON = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """At working size: -1 to 1 speaks against and for the object."""

    appearance: Float[Tensor, "h w"]
    memory: Float[Tensor, "h w"]
    has_memory: bool
    carried: Float[Tensor, "h w"]
    """Probability, 0 to 1."""
    other: Float[Tensor, "h w"]
    """1 where a distractor is expected."""

    def anywhere(self) -> Float[Tensor, "h w"]:
        """What speaks for the object, wherever it was before."""
        return APPEARANCE_WEIGHT * self.appearance + MEMORY_WEIGHT * self.memory

    def here(self) -> Float[Tensor, "h w"]:
        """The same around where the object was carried to."""
        outside = (self.carried < 0.5).numpy().astype(np.uint8)
        distance = torch.from_numpy(cv2.distanceTransform(outside, cv2.DIST_L2, 5))
        gate = GATE_SLOPE * (distance / GATE_PX - 1).clamp(0, 3)
        others = OTHER_WEIGHT * self.other * (1 - self.carried)
        known = CARRIED_WEIGHT * (4 * self.carried - 2) - others
        return self.anywhere() + known - gate


def gather(
    features: Features,
    appearance: Appearance,
    carried: Float[Tensor, "h w"],
    memory: Float[Tensor, "h w"] | None,
    other: Float[Tensor, "h w"],
) -> Evidence:
    """All three for one object; without stored pages the memory says nothing."""
    scores = appearance_scores(features, appearance)
    memory, has_memory = (torch.zeros_like(scores), False) if memory is None else (memory, True)
    return Evidence(scores, memory, has_memory, carried, other)


def appearance_scores(features: Features, appearance: Appearance) -> Float[Tensor, "h w"]:
    """The classifier's answer at working size, -1 to 1."""
    pixels = features.tensors["pixels"]
    scores = along_edges((pixels @ appearance.classifier()).clamp(-1, 1), pixels[..., 1:4])
    shape = features.grey.shape
    large = functional.interpolate(scores[None, None], shape, mode="bilinear", align_corners=False)
    return large[0, 0]


def along_edges(
    scores: Float[Tensor, "rows columns"], colour: Float[Tensor, "rows columns 3"]
) -> Float[Tensor, "rows columns"]:
    """Smooth where the picture is, sharp where it has edges."""
    guide = colour.contiguous().numpy()
    slope, offset = guided(guide, scores.numpy(), radius=EDGE_RADIUS, epsilon=EDGE_EPSILON)
    return torch.from_numpy((slope * guide).sum(-1) + offset)


def to_logits(total: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Smooth logits from summed evidence."""
    inside = torch.sigmoid(SHARPNESS * total).numpy()
    smooth = cv2.GaussianBlur(inside, (0, 0), 1.0)
    return torch.logit(torch.from_numpy(smooth), eps=LIMIT)
