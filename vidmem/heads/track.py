"""What is remembered of one object from frame to frame: how it looked and moved while sure."""

from dataclasses import astuple, dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from vidmem.heads.moving import motion_of, parted
from vidmem.types import ObjectMemory

HIDING_AREA = 0.65
"""Of the usual area: less is partly hidden, so nothing is learned from it."""
STILL_FRAMES = 4
"""Frames in a row in which nothing that is left of a hiding object moves on: then it is not it."""
KEPT = 0.9
"""Of what is remembered, per frame."""


@dataclass(frozen=True, slots=True)
class Track:
    """One object."""

    appearance: float = 0.0
    memory: float = 0.0
    area_px: float = 0.0
    lost_frames: float = 0.0
    seen_frames: float = 0.0
    """Frames in a row that a lost object was seen again."""
    motion_x: float = 0.0
    motion_y: float = 0.0
    """Of the flow, against what is around it."""
    still_frames: float = 0.0
    """Frames in a row in which nothing that is left of it moved on."""

    @classmethod
    def of(cls, known: ObjectMemory) -> "Track":
        """From the object's state."""
        return cls(*known.state["track"].tolist())

    def tensor(self) -> Tensor:
        """For the object's state."""
        return torch.tensor(astuple(self), dtype=torch.float64)

    def sure(
        self,
        appearance: float,
        memory: float,
        inside: Bool[np.ndarray, "h w"],
        flow: Float32[np.ndarray, "h w 2"] | None,
    ) -> "Track":
        """After a frame in which it was whole.

        Args:
            appearance: mean evidence inside.
            memory: the same of the stored tokens.
            inside: the mask.
            flow: from this frame to the one before, in pixels.
        """
        keep = KEPT if self.area_px else 0.0
        motion = None if flow is None else motion_of(inside, inside, flow)
        x, y = (self.motion_x, self.motion_y) if motion is None else motion.tolist()
        return Track(
            appearance=keep * self.appearance + (1 - keep) * appearance,
            memory=keep * self.memory + (1 - keep) * memory,
            area_px=keep * self.area_px + (1 - keep) * float(inside.sum()),
            motion_x=keep * self.motion_x + (1 - keep) * x,
            motion_y=keep * self.motion_y + (1 - keep) * y,
        )

    def back(self) -> "Track":
        """Found again: it may move anywhere now."""
        return Track(self.appearance, self.memory, self.area_px)

    def strangers(
        self, inside: Bool[np.ndarray, "h w"], flow: Float32[np.ndarray, "h w 2"] | None
    ) -> tuple[Bool[np.ndarray, "h w"] | None, "Track"]:
        """What of a hiding object's mask does not move on as it did, once that is sure.

        Args:
            inside: the mask.
            flow: from this frame to the one before, in pixels.
        """
        if flow is None or float(inside.sum()) >= HIDING_AREA * self.area_px:
            return None, replace(self, still_frames=0.0)
        same, otherwise = parted(inside, flow, np.array([self.motion_x, self.motion_y]))
        still = self.still_frames + 1 if otherwise.any() and not same.any() else 0.0
        sure = otherwise.any() and (same.any() or still >= STILL_FRAMES)
        return otherwise if sure else None, replace(self, still_frames=still)
