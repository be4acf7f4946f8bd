"""Training that can be killed: a run is a function of its recipe, its data and its step."""

import os
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vidmem.errors import CheckpointError, SinkError


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What decides, with the data, what is learned."""

    seed: int = 0
    steps: int = 10_500
    batch: int = 8
    learning_rate: float = 5e-4
    weight_decay: float = 0.02
    warm_up: int = 200
    ema: float = 0.998
    """How much of the moving average of the weights stays at every step."""


class Course:
    """A network, its moving average, its optimizer and the number of steps they made.

    Chance comes from the seed and the number of the step only, so there is no other random state.
    """

    def __init__(self, recipe: Schedule, network: nn.Module, *, device: str = "cpu") -> None:
        self.recipe = recipe
        self.step = 0
        self.device = torch.device(device)
        self._network = network.to(self.device)
        self.average = {k: v.detach().clone() for k, v in network.state_dict().items()}
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    def chance(self) -> torch.Generator:
        """Of this step."""
        return torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)

    def learn(self, losses: dict[str, Tensor]) -> dict[str, float]:
        """One step down ``losses["loss"]``; the losses before it."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * _height(self.step, self.recipe)
        self._optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        self._follow()
        return {**{k: v.item() for k, v in losses.items()}, "gradient_norm": norm.item()}

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self._network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:  # how many batches a normalisation has seen
                self.average[name].copy_(value)

    def save(self, path: Path) -> None:
        """Everything needed to go on.

        Raises:
            SinkError: it cannot be written; what was there before is whole.
        """
        state = {
            "step": self.step,
            "recipe": asdict(self.recipe),
            "network": self._network.state_dict(),
            "average": self.average,
            "optimizer": self._optimizer.state_dict(),
        }
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            first_line = str(error).partition("\n")[0]
            raise SinkError(
                f"{path} cannot be written: {first_line}.",
                remedy="Make room and run the command again; it goes on from the last save.",
            ) from None

    def load(self, path: Path) -> None:
        """Go on from a file that ``save`` wrote, on any device.

        Raises:
            CheckpointError: damaged, or of another recipe.
        """
        remedy = "Give the folder of the run that is to go on, with its recipe, or a new one."
        try:
            state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
            recipe = state["recipe"]
        except Exception as error:
            first_line = str(error).partition("\n")[0]
            raise CheckpointError(
                f"{path} is no training state: {first_line}.", remedy=remedy
            ) from None
        if recipe != asdict(self.recipe):
            raise CheckpointError(
                f"{path} was made by {recipe}, not by {asdict(self.recipe)}.", remedy=remedy
            )
        self._network.load_state_dict(state["network"])
        self.average = state["average"]
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def _height(step: int, recipe: Schedule) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + cos(pi * min(1.0, done)))
