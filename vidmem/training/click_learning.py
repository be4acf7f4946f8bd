"""How answers to clicks are corrected, learned from :mod:`.click_states`."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vidmem.heads.learned_clicks_network import KNOWN, ClickNetwork
from vidmem.heads.learned_prompts_features import WITHIN
from vidmem.training.click_states import QUANTUM, States
from vidmem.training.course import Course, Schedule
from vidmem.training.prompt_learning import intersection_over_union, mask_loss

STATE = "clicks.pt"
"""Name of a run's file."""
COLOURS = slice(0, KNOWN)
CLUES = slice(KNOWN + 1, KNOWN + 9)
"""Channels that the closed form derived from the picture and the answer."""
DROPPED = 0.06
"""Share of the clues that are hidden, so that none is trusted alone."""
CONTRAST, TINT = 0.2, 0.1
BATCH = 64
Sights = Float[Tensor, "states channels side side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickRecipe(Schedule):
    """Everything that decides what is learned, but for what the pictures show."""

    states: int
    """How many there are to learn from: another number would be another run."""
    steps: int = 6000
    batch: int = 16
    learning_rate: float = 2.5e-3
    weight_decay: float = 0.03
    warm_up: int = 100
    ema: float = 0.998


class ClickLearner(Course):
    """A :class:`.course.Course` over stored answers to clicks."""

    def __init__(self, recipe: ClickRecipe, states: States) -> None:
        torch.manual_seed(recipe.seed)
        self.network = ClickNetwork()
        super().__init__(recipe, self.network)
        self._states = states

    def advance(self) -> dict[str, float]:
        """One step; the losses before it."""
        random = self.chance()
        rows = torch.randint(len(self._states), (self.recipe.batch,), generator=random).numpy()
        sights, truth = _read(self._states, rows)
        if torch.rand((), generator=random) < 0.5:
            sights, truth = sights.flip(-1), truth.flip(-1)
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(_varied(sights, random))
        return self.learn(mask_loss(_inner(logits).float(), _inner(truth)))


def _read(states: States, rows: np.ndarray) -> tuple[Sights, Float[Tensor, "states side side"]]:
    sights = torch.from_numpy(states.sights[rows]).float() / QUANTUM
    return sights, torch.from_numpy(states.truth[rows]).float() / 255


def _inner(squares: Float[Tensor, "states side side"]) -> Float[Tensor, "states pixels"]:
    return squares[:, WITHIN[0], WITHIN[1]].flatten(1)


def _varied(sights: Sights, random: Generator) -> Sights:
    """Other contrast and tint; some clues hidden."""
    count, clues = len(sights), CLUES.stop - CLUES.start
    varied = sights.clone()
    varied[:, COLOURS] *= 1 + CONTRAST * torch.randn(count, 3, 1, 1, generator=random)
    varied[:, COLOURS] += TINT * torch.randn(count, 3, 1, 1, generator=random)
    varied[:, CLUES] *= torch.rand(count, clues, 1, 1, generator=random) >= DROPPED
    return varied


@torch.no_grad()
def click_overlaps(network: ClickNetwork, states: States) -> tuple[float, float]:
    """Mean overlap in the window: of the answers before, and as corrected."""
    network.eval()
    before, after = [], []
    for first in range(0, len(states), BATCH):
        sights, truth = _read(states, np.arange(first, min(len(states), first + BATCH)))
        right = _inner(truth) > 0.5
        before.append(intersection_over_union(_inner(sights[:, KNOWN]) > 0, right))
        after.append(intersection_over_union(_inner(network(sights)) > 0, right))
    return float(torch.cat(before).mean()), float(torch.cat(after).mean())
