"""Depth from one picture, learned."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vidmem.heads.learned_network import OUTPUT_STRIDE, MonoNetwork
from vidmem.training.augmenting import batch_of, disguised
from vidmem.training.course import Course, Schedule
from vidmem.training.losses import depth_loss, within
from vidmem.training.stills import Stills

SIZES = ((80, 112), (80, 96), (80, 128), (96, 112))
"""Height and width; every step has one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(Schedule):
    """Everything that decides what is learned, but for what the pictures show."""

    pictures: int
    """How many there are to learn from: another number would be another run."""


class Learner(Course):
    """A :class:`.course.Course` over rendered pictures."""

    def __init__(self, recipe: Recipe, *, device: str = "cpu") -> None:
        torch.manual_seed(recipe.seed)
        self.network = MonoNetwork()
        super().__init__(recipe, self.network, device=device)
        self._half = has_bfloat16(self.device)

    def advance(self, stills: Stills) -> dict[str, float]:
        """One step; the losses before it."""
        random = self.chance()
        size = SIZES[int(torch.randint(len(SIZES), (1,), generator=random))]
        rows = torch.randint(len(stills), (self.recipe.batch,), generator=random).tolist()
        images, rays, depth = batch_of(stills, rows, size=size, random=random)
        images = disguised(images, random=random)
        return self.learn(self._losses(images, rays, depth))

    def _losses(self, images: Tensor, rays: Tensor, depth: Tensor) -> dict[str, Tensor]:
        device = self.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._half):
            log = self.network(images.to(device), rays.to(device))
        return depth_loss(log, depth.to(device)[:, ::OUTPUT_STRIDE, ::OUTPUT_STRIDE])

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


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 itself; emulation would only be slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
