"""The closed-form appearance classifier: ridge regression kept as sufficient statistics.

With features x and soft labels y in [-1, 1]: A = sum w x x^T, b = sum w x y, and the classifier is
(A + lambda I)^-1 b. Bounded, order-independent, mergeable; refreshing is one weighted addition.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vidmem.types import State

RIDGE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What one object looks like: a permanent part from prompts and a decaying recent one."""

    permanent_a: Float[Tensor, "size size"]
    permanent_b: Float[Tensor, " size"]
    recent_a: Float[Tensor, "size size"]
    recent_b: Float[Tensor, " size"]

    @classmethod
    def empty(cls, size: int) -> "Appearance":
        """Nothing seen yet."""
        square, line = torch.zeros(size, size), torch.zeros(size)
        return cls(square, line, square, line)

    @classmethod
    def from_state(cls, state: State) -> "Appearance":
        """From what :meth:`state` gave."""
        return cls(*(state[name] for name in cls.__slots__))

    def state(self) -> State:
        """Tensors by name, for the memory."""
        return {name: getattr(self, name) for name in self.__slots__}

    def taught(
        self,
        features: Float[Tensor, "pixels size"],
        inside: Float[Tensor, " pixels"],
        *,
        permanent: bool,
        decay: float = 0.9,
        rate: float = 0.3,
    ) -> "Appearance":
        """With one more frame. Both classes weigh the same, however small the object.

        Args:
            features: of every pixel.
            inside: probability of the object, 0 to 1.
            permanent: a prompted frame, never forgotten.
            decay: what stays of the recent part.
            rate: what the new frame adds to it.
        """
        weights = balanced(inside)
        weighted = features * weights[:, None]
        a = weighted.T @ features
        b = weighted.T @ (2 * inside - 1)
        if permanent:
            return Appearance(
                self.permanent_a + a, self.permanent_b + b, self.recent_a, self.recent_b
            )
        return Appearance(
            self.permanent_a,
            self.permanent_b,
            decay * self.recent_a + rate * a,
            decay * self.recent_b + rate * b,
        )

    def classifier(self) -> Float[Tensor, " size"]:
        """Weights of the linear classifier; its answers are about -1 outside and 1 inside."""
        a = self.permanent_a + self.recent_a + RIDGE * torch.eye(len(self.permanent_b))
        factor = torch.linalg.cholesky(a)
        b = self.permanent_b + self.recent_b
        return torch.cholesky_solve(b[:, None], factor)[:, 0]


def balanced(inside: Float[Tensor, " pixels"]) -> Float[Tensor, " pixels"]:
    """Weights that sum to one half over the object and one half over the rest."""
    hard = (inside > 0.5).float()
    own, rest = hard.sum().clamp(min=1), (1 - hard).sum().clamp(min=1)
    return 0.5 * hard / own + 0.5 * (1 - hard) / rest
