"""Random Fourier features: they let a linear classifier bend.

Their inner product is a Gaussian kernel between pixels (Rahimi and Recht, 2007).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 1024
"""Rows whose waves are in memory at once: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """Cosines of fixed random projections."""

    directions: Float[Tensor, "plain size"]
    phases: Float[Tensor, " size"]

    @classmethod
    @cache
    def drawn(cls, plain: int, size: int, *, scale: float, seed: int) -> "Waves":
        """The same ones for the same numbers; ``scale``: 1 / width of the kernel."""
        generator = torch.Generator().manual_seed(seed)
        directions = scale * torch.randn(plain, size, generator=generator)
        return cls(directions, 2 * torch.pi * torch.rand(size, generator=generator))

    def of(self, plain: Float[Tensor, "n plain"]) -> Float[Tensor, "n size"]:
        """-1 to 1."""
        waves = torch.addmm(self.phases, plain, self.directions)
        # NumPy's cosine takes half the time of torch's on one core.
        np.cos(waves.numpy(), out=waves.numpy())
        return waves

    def lifted(self, plain: Float[Tensor, "n plain"]) -> Float[Tensor, "n numbers"]:
        """1, the plain numbers and their waves: what a linear classifier sees."""
        return torch.cat([torch.ones(len(plain), 1), plain, self.of(plain)], 1)

    def answers(
        self, plain: Float[Tensor, "n plain"], classifiers: Float[Tensor, "objects numbers"]
    ) -> Float[Tensor, "objects n"]:
        """``classifiers @ lifted(plain).T``, without ever holding all waves."""
        width = 1 + plain.shape[1]
        found = torch.addmm(classifiers[:, :1], classifiers[:, 1:width], plain.T)
        for start in range(0, len(plain), BLOCK):
            rows = slice(start, start + BLOCK)
            found[:, rows] += classifiers[:, width:] @ self.of(plain[rows]).T
        return found
