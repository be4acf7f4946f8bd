"""Attention of the memory for depth: remembered tokens among themselves, then the current ones."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidmem.attention import attend
from vidmem.heads.memory_motion import (
    Maps,
    Points,
    Poses,
    Seen,
    moved,
    projected,
    sampled,
)
from vidmem.types import Pages

KINDS = 2
"""Visual and displacement tokens."""
WIDTH = 32
KEY = 27
FEATURES = 24
PLACE = 5
"""Numbers of queries and keys that make logits fall with the distance in the picture."""
CELL = 4
WIDEST = 0.5
"""Greatest disagreement between memory and base (log inverse depth) that still says something."""
OUTSIDE = -20.0
"""Logit of tokens that cannot be seen from here."""
NARROW, BROAD = 0.7, 1.8
"""How far heads look at first, in tokens (standard deviations)."""


@dataclass(frozen=True, slots=True, eq=False)
class Memorised:
    """Stored tokens of some frames, side by side, per video of a batch."""

    keys: Float[Tensor, "b m kinds key"]
    features: Float[Tensor, "b m kinds features"]
    points: Points
    """In the base's world."""

    @classmethod
    def joined(cls, parts: "list[Memorised]") -> "Memorised":
        """All of them."""
        return cls(
            torch.cat([p.keys for p in parts], 1),
            torch.cat([p.features for p in parts], 1),
            torch.cat([p.points for p in parts], 1),
        )

    def split(self, parts: int) -> "list[Memorised]":
        """What ``joined`` joined, if all were of one size."""
        pieces = (each.chunk(parts, 1) for each in (self.keys, self.features, self.points))
        return [Memorised(*piece) for piece in zip(*pieces, strict=True)]

    @classmethod
    def nothing(cls, videos: int) -> "Memorised":
        """An empty memory."""
        return cls(
            torch.zeros(videos, 0, KINDS, KEY),
            torch.zeros(videos, 0, KINDS, FEATURES),
            torch.zeros(videos, 0, 3),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """The memory as the current camera sees it."""

    memory: Memorised
    ahead: Points
    """In the camera's own frame."""
    cells: Float[Tensor, "b m 2"]
    """Column and row of the token grid, from its middle."""
    evidence: Float[Tensor, "b m 4"]
    """Disagreement with the base, its size, the base's confidence there, whether it is in view."""
    pixels: Float[Tensor, "b m 2"]

    @property
    def hidden(self) -> Float[Tensor, "b m"]:
        """Added to logits."""
        return OUTSIDE * (1 - self.evidence[..., 3])

    def towards(self, log: Maps, share: Float[Tensor, "b m"], pose: Poses) -> Memorised:
        """Tokens in view, moved along the line of sight by this share of the way to ``log``."""
        apart = (sampled(log, self.pixels)[..., 0] + _nearest_log(self.ahead)).clamp(
            -WIDEST, WIDEST
        )
        share = share * self.evidence[..., 3]
        points = self.ahead * (-share * apart).exp()[..., None]
        memory = self.memory
        return Memorised(memory.keys, memory.features, moved(points, pose.float()))


def cells_of(grid: tuple[int, int]) -> Float[Tensor, "1 n 2"]:
    """Column and row of every token, from the grid's middle."""
    rows, columns = grid
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    cells = torch.stack([x - (columns - 1) / 2, y - (rows - 1) / 2], -1)
    return cells.flatten(0, 1)[None]


def seen_from(memory: Memorised, seen: Seen) -> Remembered:
    """Where remembered tokens are now, and how far the base disagrees with them there."""
    ahead = moved(memory.points, seen.to_camera)
    pixels, log = projected(ahead, seen.camera)
    size = pixels.new_tensor([seen.image.shape[3], seen.image.shape[2]])
    inside = ((pixels > -CELL) & (pixels < size + CELL - 1)).all(-1)
    told = sampled(torch.cat([seen.log_inverse, seen.confidence], 1), pixels)
    apart = (log - told[..., 0]).clamp(-WIDEST, WIDEST) * inside
    evidence = torch.stack([apart, apart.abs(), told[..., 1], inside.to(log.dtype)], -1)
    cells = (pixels + 0.5) / CELL - size / CELL / 2
    return Remembered(memory, ahead, cells, evidence, pixels)


class Look(nn.Module):
    """Self-attention over the memory, then cross-attention from the current tokens.

    Attention falls with the distance in the picture as learned (a Gaussian, written into queries
    and keys), and rises with the likeness of tokens. An empty token takes what fits nothing.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter = nn.ModuleList(nn.Linear(FEATURES + 4, WIDTH) for _ in range(KINDS))
        self.among = _Attention(KINDS)
        self.think = nn.ModuleList(nn.Linear(2 * WIDTH, WIDTH) for _ in range(KINDS))
        self.read = _Attention(heads)
        self.moves = nn.Linear(KINDS * WIDTH, 1)

    def forward(
        self,
        tokens: Float[Tensor, "b n kinds width"],
        cells: Float[Tensor, "b n 2"],
        seen: Remembered,
    ) -> tuple[Float[Tensor, "b n heads width"], Float[Tensor, "b m"]]:
        """What every current token reads, and the learned gate of every remembered one.

        The first number that a head reads is the disagreement it believes in.
        """
        memory = seen.memory
        b, n = tokens.shape[:2]
        if memory.points.shape[1] == 0:
            return tokens.new_zeros(b, n, self.heads, WIDTH), tokens.new_zeros(b, 0)
        evidence = seen.evidence[:, :, None].expand(-1, -1, KINDS, -1)
        inside = torch.cat([memory.features, evidence], -1)
        state = functional.relu(_each(self.enter, inside))
        around = self.among(state, seen.cells, memory.keys, state, seen)
        state = state + functional.relu(_each(self.think, torch.cat([state, around], -1)))
        apart = seen.evidence[:, :, None, :1].expand(-1, -1, KINDS, -1)
        values = torch.cat([apart, apart.square(), state[..., 2:]], -1)
        told = self.read(tokens, cells.expand(b, -1, -1), memory.keys, values, seen)
        return told, self.moves(state.flatten(2))[..., 0].sigmoid()


class _Attention(nn.Module):
    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        each = heads // KINDS
        self.query = nn.ModuleList(nn.Linear(WIDTH, each * KEY) for _ in range(KINDS))
        # Not torch's logarithm: on the meta device it imports the compiler, which takes seconds.
        spread = [NARROW, BROAD] * each if each > 1 else [BROAD] * heads
        self.log_spread = nn.Parameter(torch.tensor([math.log(value) for value in spread]))
        self.empty = nn.Parameter(torch.full((KINDS,), -3.0))

    def forward(
        self,
        queries: Float[Tensor, "b n kinds width"],
        cells: Float[Tensor, "b n 2"],
        keys: Float[Tensor, "b m kinds key"],
        values: Float[Tensor, "b m kinds value"],
        seen: Remembered,
    ) -> Float[Tensor, "b n heads value"]:
        b, m = keys.shape[:2]
        like = _each(self.query, queries).reshape(b, -1, self.heads, KEY) * KEY**-0.5
        near = (-2 * self.log_spread).exp()[:, None]
        here = cells[:, :, None].expand(-1, -1, self.heads, -1)
        one = here.new_ones(*here.shape[:-1], 1)
        square = here.square().sum(-1, keepdim=True)
        query = torch.cat([like, here * near, -0.5 * near * one, -0.5 * near * square, one], -1)
        there = seen.cells[:, :, None].expand(-1, -1, KINDS, -1)
        square = there.square().sum(-1, keepdim=True)
        bias = seen.hidden[:, :, None, None].expand(-1, -1, KINDS, -1)
        key = torch.cat([keys, there, square, torch.ones_like(square), bias], -1)
        empty = key.new_zeros(b, 1, KINDS, KEY + PLACE)
        empty[..., -1] = self.empty
        nothing = values.new_zeros(b, 1, *values.shape[2:])
        pages = Pages(
            keys=torch.cat([key, empty], 1),
            values=torch.cat([values, nothing], 1),
            counts=torch.full((b,), m + 1),
            table=torch.arange(b)[:, None],
            summary=key.new_zeros(b, KINDS, KEY + PLACE),
        )
        return attend(query, pages, scale=1.0).values


def _each(layers: nn.ModuleList, tokens: Float[Tensor, "b n kinds c"]) -> Tensor:
    return torch.stack([layer(tokens[:, :, i]) for i, layer in enumerate(layers)], 2)


def _nearest_log(points: Points) -> Float[Tensor, "b m"]:
    depth: Tensor = points[..., 2].clamp_min(1e-3).log()
    return depth
