"""The closed-form appearance classifier: ridge regression kept as sufficient statistics.

With features x and soft labels y in [-1, 1]: A = sum w x x^T, b = sum w x y, and the classifier is
(A + lambda I)^-1 b. Bounded, order-independent, mergeable; refreshing is one weighted addition.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from vidmem.types import State

RIDGE = 0.01
NEAR_SHARE = 0.8
THIN = 4
"""Neighbouring pixels look alike: every fourth teaches as much, in a quarter of the time."""
ENOUGH_PIXELS = 1500
"""Of an object, from which they are thinned too."""
PLAIN = 10
"""Numbers of a pixel."""
PLAIN_SCALES = np.array([1 / 50] * 9 + [1 / 255], np.float32)
PLAIN_OFFSETS = np.array([1, 0, 0] * 3 + [0], np.float32)
NEAR_PX = 20.0
"""Background near the object is what it is mistaken for: weight falls with this distance."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the recent part of an appearance follows the newest frames."""

    every: int
    """Frames between refreshes."""
    decay: float
    """What stays of the recent part."""
    rate: float
    """What a frame adds to it; a prompted frame counts 1 for ever."""


STEADY = Pace(every=3, decay=0.9, rate=0.3)
HURRIED = Pace(every=1, decay=0.7, rate=0.9)
"""While the object changes: every frame counts like three steady refreshes."""


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
        features: Float[Tensor, "rows columns plain"],
        inside: Float[Tensor, "rows columns"],
        *,
        permanent: bool,
        lift: Callable[[Tensor], Tensor] = torch.as_tensor,
        pace: Pace = STEADY,
    ) -> "Appearance":
        """With one more frame. Both classes weigh the same, however small the object.

        Args:
            features: of every pixel.
            inside: probability of the object, 0 to 1.
            lift: makes [n size], what the classifier sees, of [n plain]; only of pixels that teach.
            permanent: a prompted frame, never forgotten.
            pace: of the recent part.
        """
        if permanent:
            a, b = _sums(features, inside, lift, thin=1)
            return Appearance(
                self.permanent_a + a, self.permanent_b + b, self.recent_a, self.recent_b
            )
        a, b = _sums(features, inside, lift, thin=THIN)
        return Appearance(
            self.permanent_a,
            self.permanent_b,
            pace.decay * self.recent_a + pace.rate * a,
            pace.decay * self.recent_b + pace.rate * b,
        )

    def classifier(self) -> Float[Tensor, " size"]:
        """Weights of the linear classifier; its answers are about -1 outside and 1 inside."""
        a = self.permanent_a + self.recent_a + RIDGE * torch.eye(len(self.permanent_b))
        factor = torch.linalg.cholesky(a)
        b = self.permanent_b + self.recent_b
        return torch.cholesky_solve(b[:, None], factor)[:, 0]


def _sums(
    features: Float[Tensor, "rows columns plain"],
    inside: Float[Tensor, "rows columns"],
    lift: Callable[[Tensor], Tensor],
    *,
    thin: int,
) -> tuple[Float[Tensor, "size size"], Float[Tensor, " size"]]:
    """Weighted sums of x x^T and x y over the pixels; a large class counts by every n-th of its."""
    flat, soft, weights = features.flatten(0, 1), inside.flatten(), balanced(inside).flatten()
    own = soft > 0.5
    whole = own if own.sum() < ENOUGH_PIXELS else torch.zeros_like(own)
    kept = whole | (torch.arange(len(soft)) % thin == 0)
    weights = weights * torch.where(whole, 1, thin)
    flat, soft, weights = lift(flat[kept]), soft[kept], weights[kept]
    weighted = flat * weights[:, None]
    return weighted.T @ flat, weighted.T @ (2 * soft - 1)


def balanced(inside: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows columns"]:
    """Weights that sum to one half over the object and one half over the rest, most near it."""
    hard = (inside > 0.5).float()
    distance = cv2.distanceTransform((1 - hard).numpy().astype(np.uint8), cv2.DIST_L2, 5)
    near = NEAR_SHARE * torch.exp(torch.from_numpy(-distance / NEAR_PX)) + 1 - NEAR_SHARE
    rest = near * (1 - hard)
    return 0.5 * hard / hard.sum().clamp(min=1) + 0.5 * rest / rest.sum().clamp(min=1e-6)


def looks(
    image: UInt8[np.ndarray, "h w 3"], grey: UInt8[np.ndarray, "h w"], *, shrink: int = 1
) -> list[np.ndarray]:
    """Lab, its means over 7 and 21 pixels (each [h w 3]), the gradient energy around a pixel [h w].

    To be sampled, and then :func:`joined`. ``shrink``: how many times smaller than working size
    the picture is.
    """
    near, wide = (size // shrink | 1 for size in (7, 21))
    lab = cv2.cvtColor(np.multiply(image, np.float32(1 / 255)), cv2.COLOR_RGB2LAB)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # Not cv2.magnitude: it rounds by where arrays lie in memory, and runs would not repeat.
    slope = np.sqrt(across**2 + down**2)
    return [
        lab,
        cv2.blur(lab, (near, near)),
        cv2.blur(lab, (wide, wide)),
        cv2.blur(slope, (near, near)),
    ]


def joined(parts: Sequence[np.ndarray]) -> Float[Tensor, "h w 10"]:
    """All that :func:`looks` gave, each number about -1 to 1."""
    both = torch.from_numpy(np.dstack(parts) * PLAIN_SCALES - PLAIN_OFFSETS)
    # Products of matrices round by where these lie in memory: torch's always lie the same way.
    return both.clone()


def guided(
    guide: Float32[np.ndarray, "rows columns 3"],
    values: Float32[np.ndarray, "rows columns"],
    *,
    radius: int,
    epsilon: float,
) -> tuple[Float32[np.ndarray, "rows columns 3"], Float32[np.ndarray, "rows columns"]]:
    """``values`` as a linear function of colour around every pixel (guided filter, He et al. 2010).

    A ridge regression in every window: edges of the guide become edges of the result, which is
    ``(slope * guide).sum(-1) + offset``. The two are smooth, so they may be enlarged and applied
    to a larger guide (He and Sun, 2015).

    Args:
        guide: colours.
        values: what is to follow them.
        radius: of the windows, in pixels.
        epsilon: variance of the guide below which it is taken as flat.

    Returns:
        slope and offset.
    """

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (2 * radius + 1, 2 * radius + 1))

    middle, level = mean(guide), mean(values)
    shared = mean(guide * values[..., None]) - middle * level[..., None]
    red, green, blue = (np.ascontiguousarray(guide[..., i]) for i in range(3))
    r, g, b = (middle[..., i] for i in range(3))
    rr, gg, bb = (mean(x * x) - m * m + epsilon for x, m in ((red, r), (green, g), (blue, b)))
    rg, rb, gb = mean(red * green) - r * g, mean(red * blue) - r * b, mean(green * blue) - g * b
    # The inverse of the symmetric 3x3 covariance, by cofactors.
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    s = shared / (rr * c00 + rg * c01 + rb * c02)[..., None]
    slope = np.dstack(
        [
            c00 * s[..., 0] + c01 * s[..., 1] + c02 * s[..., 2],
            c01 * s[..., 0] + c11 * s[..., 1] + c12 * s[..., 2],
            c02 * s[..., 0] + c12 * s[..., 1] + c22 * s[..., 2],
        ]
    )
    return mean(slope), mean(level - (slope * middle).sum(-1))
