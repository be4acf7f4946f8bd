"""How shown masks are corrected, learned from :mod:`.mask_states`."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vidmem.heads.evidence import SHARPNESS
from vidmem.heads.learned_masks_network import (
    APPEARANCE,
    CARRIED,
    EDGES,
    MEMORY,
    TOTAL,
    TOTAL_SCALE,
    MaskNetwork,
)
from vidmem.training.course import Course, Schedule
from vidmem.training.mask_states import QUANTUM, MaskStates
from vidmem.training.prompt_learning import intersection_over_union, mask_loss

STATE = "masks.pt"
"""Name of a run's file."""
SIDE = 80
"""Rows and columns of the squares it learns from."""
SHIFT = 16
"""Pixels that their middle may be beside a pixel of the object."""
CONTRAST, TINT = 0.2, 0.15
HIDDEN_TOGETHER = (slice(0, APPEARANCE), slice(APPEARANCE, MEMORY), slice(MEMORY, CARRIED))
"""Channels that are left out at times, so that none is trusted alone: picture, looks, memory."""
HIDDEN = 0.06
TAKEN = 0.02
"""How much a change costs in itself."""
BATCH = 32

Sights = Float[Tensor, "states channels rows columns"]
Truth = Float[Tensor, "states rows columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRecipe(Schedule):
    """Everything that decides what is learned, but for what the videos show."""

    states: int
    """How many there are to learn from: another number would be another run."""
    steps: int = 8000
    batch: int = 12
    learning_rate: float = 3e-3
    weight_decay: float = 0.03
    warm_up: int = 50
    ema: float = 0.998


class MaskLearner(Course):
    """A :class:`.course.Course` over stored evidence."""

    def __init__(self, recipe: MaskRecipe, states: MaskStates) -> None:
        torch.manual_seed(recipe.seed)
        self.network = MaskNetwork()
        super().__init__(recipe, self.network)
        self._states = states

    def advance(self) -> dict[str, float]:
        """One step; the losses before it."""
        random = self.chance()
        rows = torch.randint(len(self._states), (self.recipe.batch,), generator=random).tolist()
        squares = [_square(self._states, row, random) for row in rows]
        sights = _varied(torch.stack([sight for sight, _ in squares]), random)
        truth = torch.stack([square for _, square in squares])
        if torch.rand((), generator=random) < 0.5:
            sights, truth = sights.flip(-1), truth.flip(-1)
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            change = self.network(sights).float()
        logits = SHARPNESS * (TOTAL_SCALE * sights[:, TOTAL] + change)
        losses = mask_loss(logits.flatten(1), truth.flatten(1))
        losses["loss"] = losses["loss"] + TAKEN * change.square().mean()
        return self.learn(losses)


def _square(states: MaskStates, row: int, random: Generator) -> tuple[Tensor, Tensor]:
    """A part of one state around a pixel that is the object, or was taken for it."""
    sight, truth = states.sights[row], states.truth[row]
    places = np.argwhere((truth > 127) | (sight[CARRIED] > 0))
    chosen, *shift = torch.rand(3, generator=random).tolist()
    middle = places[int(chosen * len(places))] if len(places) else np.array(truth.shape) // 2
    first = [
        int(np.clip(at + (2 * by - 1) * SHIFT - SIDE // 2, 0, max(0, length - SIDE)))
        for at, by, length in zip(middle, shift, truth.shape, strict=True)
    ]
    part = np.s_[first[0] : first[0] + SIDE, first[1] : first[1] + SIDE]
    seen = torch.from_numpy(sight[:, part[0], part[1]]).float() / QUANTUM
    return seen, torch.from_numpy(truth[part]).float() / 255


def _varied(sights: Sights, random: Generator) -> Sights:
    """Other contrast and tint; some channels hidden."""
    count = len(sights)
    varied = sights.clone()
    varied[:, :EDGES] *= 1 + CONTRAST * torch.randn(count, EDGES, 1, 1, generator=random)
    varied[:, :3] += TINT * torch.randn(count, 3, 1, 1, generator=random)
    for channels in HIDDEN_TOGETHER:
        kept = torch.rand(count, 1, 1, 1, generator=random) >= HIDDEN
        varied[:, channels] *= kept
    return varied


@torch.no_grad()
def mask_overlaps(network: MaskNetwork, states: MaskStates) -> tuple[float, float]:
    """Mean overlap over states in which the object can be seen: before, and as corrected."""
    network.eval()
    before, after = [], []
    visible = np.flatnonzero((states.truth > 127).any((1, 2)))
    for first in range(0, len(visible), BATCH):
        rows = visible[first : first + BATCH]
        sights = torch.from_numpy(states.sights[rows]).float() / QUANTUM
        right = torch.from_numpy(states.truth[rows]) > 127
        total = TOTAL_SCALE * sights[:, TOTAL]
        before.append(intersection_over_union(total > 0, right))
        after.append(intersection_over_union(total + network(sights) > 0, right))
    return float(torch.cat(before).mean()), float(torch.cat(after).mean())
