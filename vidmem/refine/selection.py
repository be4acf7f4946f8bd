"""Which of several masks an object gets, and whether it gets one at all. Pure functions.

HQ-SMem-style (Soltani Kazemi et al., arXiv 2507.18921): refinement without a gate loses, with one
it gains; the threshold is the one of the first author's released code.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

Mask = Bool[np.ndarray, "rows columns"]

GATE = 0.59
"""Least IoU with the coarse mask."""
APPEARANCE_WEIGHT = 1.0
AGREEMENT_WEIGHT = 1.0
SCORE_WEIGHT = 0.3
"""The network's own score says how clean a mask is, not whether it is the right object."""
AROUND = 0.25
"""How far around the masks pixels are looked at, as a share of the coarse mask's size."""
LEAST_AROUND_PX = 3
NOTHING = -2.0
"""Appearance of an empty mask: less than of any other."""

BACK_GATE = 0.8
"""Least IoU with the coarse mask for what is written back into the memory: stricter."""
BACK_GAIN = 0.02
"""Least rise of the appearance for it."""
BACK_SCORE = 0.8
"""Least score of the network for it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision. ``index`` None: the coarse mask stays."""

    index: int | None
    appearance: float
    """Of the best candidate, less the coarse mask's: inside minus around."""
    agreement: float
    """Its IoU with the coarse mask."""
    score: float
    """The network's own."""

    @property
    def may_be_written(self) -> bool:
        """Whether the memory may learn from it: stricter than whether it is shown."""
        return (
            self.index is not None
            and self.agreement >= BACK_GATE
            and self.appearance >= BACK_GAIN
            and self.score >= BACK_SCORE
        )


def choose(
    candidates: Bool[np.ndarray, "masks rows columns"],
    coarse: Mask,
    evidence: Float32[np.ndarray, "rows columns"],
    scores: Float[np.ndarray, " masks"],
    *,
    by: Literal["appearance", "score"] = "appearance",
) -> Choice:
    """The best candidate, if it may replace the coarse mask.

    It may where its IoU with the coarse mask reaches the gate and its appearance does not fall.

    Args:
        candidates: masks that a network offers.
        coarse: the tracker's mask, not empty.
        evidence: -1 to 1 for every pixel: what the appearance says.
        scores: the network's own, 0 to 1.
        by: appearance: appearance, agreement and score together. score: the highest score, and
            only the gate of agreement, as in the first author's released code.
    """
    agreement = np.array([overlap(mask, coarse) for mask in candidates])
    looks = appearance_of(np.concatenate([candidates, coarse[None]]), coarse, evidence)
    gain = looks[:-1] - looks[-1]
    allowed = agreement >= GATE
    if by == "score":
        best = int(np.argmax(scores))
    else:
        allowed &= gain >= 0
        total = APPEARANCE_WEIGHT * gain + AGREEMENT_WEIGHT * agreement + SCORE_WEIGHT * scores
        best = int(np.argmax(np.where(allowed, total, total - 100)))
    index = best if allowed[best] else None
    return Choice(index, float(gain[best]), float(agreement[best]), float(scores[best]))


def appearance_of(
    masks: Bool[np.ndarray, "masks rows columns"],
    coarse: Mask,
    evidence: Float32[np.ndarray, "rows columns"],
) -> Float[np.ndarray, " masks"]:
    """Mean evidence inside each mask less that around it.

    All are compared over the same pixels: those of any mask, and a band around them.
    """
    width = max(LEAST_AROUND_PX, round(AROUND * float(np.sqrt(coarse.sum()))))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    union = np.asarray(masks.any(0), np.uint8)
    asked = cv2.dilate(union, disk) > 0
    return np.array([_inside_less_around(mask, asked & ~mask, evidence) for mask in masks])


def _inside_less_around(
    inside: Mask, around: Mask, evidence: Float32[np.ndarray, "rows columns"]
) -> float:
    if not inside.any():
        return NOTHING
    beside = float(evidence[around].mean()) if around.any() else 0.0
    return float(evidence[inside].mean()) - beside


def overlap(first: Mask, second: Mask) -> float:
    """Intersection over union; 0 where both are empty."""
    return float((first & second).sum() / max(1, (first | second).sum()))
