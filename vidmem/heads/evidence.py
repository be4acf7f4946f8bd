"""The three sources of a mask, and their sum."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor
from torch.nn import functional

from vidmem.statistics import PLAIN, Appearance, guided
from vidmem.types import Features, State
from vidmem.waves import Waves

FOURIER = 160
FOURIER_SCALE = 1.5
SIZE = 1 + PLAIN + FOURIER
"""Numbers that the classifier sees of a pixel."""

APPEARANCE_WEIGHT = 3.0
CARRIED_WEIGHT = 0.5
MEMORY_WEIGHT = 0.4
OTHER_WEIGHT = 3.0
SHARPNESS = 3.0
GATE_PX = 12.0
"""How far from the carried mask a pixel may lie before it counts less."""
GATE_SLOPE = 1.0
FARTHEST_GATE = 5.0
"""More than all that can speak for a pixel: what looks alike far away is never a part of it."""
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
    flow: Float32[np.ndarray, "h w 2"] | None = None
    """To the frame before, in pixels."""

    def without(self, lost: Bool[np.ndarray, "h w"]) -> "Evidence":
        """The same where something is a distractor that had been carried as the object."""
        if not lost.any():
            return self
        free = torch.from_numpy(~lost)
        return replace(self, carried=self.carried * free, other=torch.where(free, self.other, 1.0))

    def anywhere(self) -> Float[Tensor, "h w"]:
        """What speaks for the object, wherever it was before."""
        return APPEARANCE_WEIGHT * self.appearance + MEMORY_WEIGHT * self.memory

    def here(self) -> Float[Tensor, "h w"]:
        """The same around where the object was carried to."""
        outside = (self.carried < 0.5).numpy().astype(np.uint8)
        distance = torch.from_numpy(cv2.distanceTransform(outside, cv2.DIST_L2, 5))
        gate = GATE_SLOPE * (distance / GATE_PX - 1).clamp(0, FARTHEST_GATE)
        others = OTHER_WEIGHT * self.other * (1 - self.carried)
        known = CARRIED_WEIGHT * (4 * self.carried - 2) - others
        return self.anywhere() + known - gate

    def cues(self, total: Float[Tensor, "h w"]) -> State:
        """All of it by name, with the sum of :meth:`here`, for who weighs it again."""
        return {
            "appearance": self.appearance,
            "memory": self.memory,
            "carried": self.carried,
            "other": self.other,
            "total": total,
        }


def gather(
    scores: Float[Tensor, "h w"],
    carried: Float[Tensor, "h w"],
    memory: Float[Tensor, "h w"] | None,
    other: Float[Tensor, "h w"],
    flow: Float32[np.ndarray, "h w 2"] | None,
) -> Evidence:
    """All three for one object; without stored pages the memory says nothing."""
    memory, has_memory = (torch.zeros_like(scores), False) if memory is None else (memory, True)
    return Evidence(scores, memory, has_memory, carried, other, flow)


def waves() -> Waves:
    """What makes the classifier bend."""
    return Waves.drawn(PLAIN, FOURIER, scale=FOURIER_SCALE, seed=0)


def appearance_scores(
    features: Features, appearances: Sequence[Appearance]
) -> Float[Tensor, "objects h w"]:
    """The classifiers' answers at working size, -1 to 1."""
    pixels = features.tensors["pixels"]
    shape = features.grey.shape
    classifiers = torch.stack([each.classifier() for each in appearances])
    found = waves().answers(pixels.flatten(0, 1), classifiers).clamp_(-1, 1)
    colour = pixels[..., :3]
    sharp = torch.stack([along_edges(row.view(pixels.shape[:2]), colour) for row in found])
    return functional.interpolate(sharp[None], shape, mode="bilinear", align_corners=False)[0]


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
