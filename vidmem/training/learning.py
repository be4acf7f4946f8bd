"""Training that can be killed: a run is a function of its recipe, its pictures and its step."""

import os
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vidmem.errors import CheckpointError, SinkError
from vidmem.heads.learned_network import OUTPUT_STRIDE, MonoNetwork
from vidmem.training.augmenting import batch_of, disguised
from vidmem.training.losses import depth_loss, within
from vidmem.training.stills import Stills

SIZES = ((80, 112), (80, 96), (80, 128), (96, 112))
"""Height and width; every step has one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides what is learned, but for what the pictures show."""

    pictures: int
    """How many there are to learn from: another number would be another run."""
    seed: int = 0
    steps: int = 10_500
    batch: int = 8
    learning_rate: float = 5e-4
    weight_decay: float = 0.02
    warm_up: int = 200
    ema: float = 0.998
    """How much of the moving average of the weights stays at every step."""


class Learner:
    """A network, its moving average, its optimizer and the number of steps they made.

    Chance comes from the seed and the number of the step only, so there is no other random state.
    """

    def __init__(self, recipe: Recipe, *, device: str = "cpu") -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.step = 0
        self.device = torch.device(device)
        self.network = MonoNetwork().to(self.device)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._half = has_bfloat16(self.device)

    def advance(self, stills: Stills) -> dict[str, float]:
        """One step; the losses before it."""
        recipe = self.recipe
        random = torch.Generator().manual_seed(recipe.seed * 1_000_003 + self.step)
        size = SIZES[int(torch.randint(len(SIZES), (1,), generator=random))]
        rows = torch.randint(len(stills), (recipe.batch,), generator=random).tolist()
        images, rays, depth = batch_of(stills, rows, size=size, random=random)
        images = disguised(images, random=random)
        losses = self._losses(images, rays, depth)
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(self.step, recipe)
        self._optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        self._follow()
        return {**{k: v.item() for k, v in losses.items()}, "gradient_norm": norm.item()}

    def _losses(self, images: Tensor, rays: Tensor, depth: Tensor) -> dict[str, Tensor]:
        device = self.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._half):
            log = self.network(images.to(device), rays.to(device))
        return depth_loss(log, depth.to(device)[:, ::OUTPUT_STRIDE, ::OUTPUT_STRIDE])

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:  # how many batches a normalisation has seen
                self.average[name].copy_(value)

    @torch.no_grad()
    def examine(self, stills: Stills, *, size: tuple[int, int] = (80, 112)) -> dict[str, float]:
        """The moving average on pictures that were kept back, as they are (no disguise)."""
        network = MonoNetwork().to(self.device).eval()
        network.load_state_dict(self.average)
        totals: dict[str, float] = {}
        for start in range(0, len(stills), 32):
            rows = list(range(start, min(start + 32, len(stills))))
            random = torch.Generator().manual_seed(start)
            images, rays, depth = batch_of(stills, rows, size=size, random=random)
            truth = depth[:, ::OUTPUT_STRIDE, ::OUTPUT_STRIDE].to(self.device)
            log = network(images.to(self.device), rays.to(self.device))
            found = {**depth_loss(log, truth), "d1": within(log, truth).mean()}
            for name, value in found.items():
                totals[name] = totals.get(name, 0.0) + value.item() * len(rows) / len(stills)
        return totals

    def save(self, path: Path) -> None:
        """Everything needed to go on.

        Raises:
            SinkError: it cannot be written; what was there before is whole.
        """
        state = {
            "step": self.step,
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
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
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def _schedule(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + cos(pi * min(1.0, done)))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 itself; emulation would only be slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
