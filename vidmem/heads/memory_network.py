"""The small network of the memory for depth: what one frame makes of what is remembered.

Visual and displacement tokens, self-attention over the remembered ones, cross-attention from the
current ones, a decoder that is given its own features of the previous frame: the parts that the
abstract of MAMo (Yasarla et al., 2023) names. All sizes are our own choice, and so is that stored
tokens are points in space: what is read from them is how far they disagree with the base.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidmem.heads.memory_look import (
    FEATURES,
    KEY,
    KINDS,
    WIDTH,
    Look,
    Memorised,
    cells_of,
    seen_from,
)
from vidmem.heads.memory_motion import (
    Maps,
    Seen,
    moved,
    rays_of,
    stray,
    warped,
)

CELL = 4
"""Rows and columns of the maps per token."""
DECODED = 8
"""Channels of the decoder that are carried to the next frame, at twice the tokens' rows."""
RESIDUAL = 0.05
"""Most that the network adds of its own, in log inverse depth, where the base knows nothing."""
MOST = 0.55
"""Of the way to what is remembered: the base has its say, or errors would pile up for ever."""
HEADS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What comes out, and what later frames want."""

    log_inverse: Float[Tensor, "b 1 h w"]
    decoded: Float[Tensor, "b c rows2 columns2"]
    tokens: Memorised
    memory: Memorised
    """The memory that was read, moved by the learned gate towards this answer."""


class MemoryNetwork(nn.Module):
    """Corrects the base's depth as far as what is remembered deserves; new, it corrects nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_conv(6, 24, 2), nn.ReLU(), _conv(24, 24), nn.ReLU())
        self.coarse = nn.Sequential(_conv(24, 48, 2), nn.ReLU(), _conv(48, WIDTH))
        self.moves = nn.Sequential(_conv(6, 16, 2), nn.ReLU(), _conv(16, WIDTH, 2))
        self.keys = nn.ModuleList(nn.Linear(WIDTH, KEY) for _ in range(KINDS))
        self.features = nn.ModuleList(nn.Linear(WIDTH, FEATURES) for _ in range(KINDS))
        self.look = Look(HEADS)
        self.join = nn.Linear(HEADS * WIDTH + KINDS * WIDTH, 48)
        self.decode = nn.Sequential(_conv(48 + 24 + DECODED, 32), nn.ReLU())
        self.carry = nn.Conv2d(32, DECODED, 1)
        self.sharpen = nn.Sequential(_conv(32 + 4, 16), nn.ReLU())
        self.out = _conv(16, 2)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(
        self, seen: Seen, memory: Memorised, decoded: Float[Tensor, "b c rows2 columns2"] | None
    ) -> Answer:
        """One frame.

        Args:
            seen: the frame and the base's answer.
            memory: what is remembered; may have no tokens.
            decoded: of the previous frame's answer; None in a first frame.
        """
        fine, tokens = self._encode(seen)
        grid = (seen.image.shape[2] // CELL, seen.image.shape[3] // CELL)
        remembered = seen_from(memory, seen)
        told, moved_by = self.look(tokens, cells_of(grid), remembered)
        both = torch.cat([told.flatten(2), tokens.flatten(2)], -1)
        joined = _map(functional.relu(self.join(both)), grid)
        if decoded is None:
            decoded = fine.new_zeros(len(fine), DECODED, *fine.shape[2:])
        carried = warped(decoded, 0.5 * functional.avg_pool2d(seen.flow, 2))
        deep = self.decode(torch.cat([_larger(joined, 2), fine, carried], 1))
        correction = _larger(_map(told[..., 0].mean(2, keepdim=True), grid), CELL)
        steadied, own = self._answer(seen, deep, correction)
        # What the network adds of its own is not remembered: it would be added again and again.
        memory = remembered.towards(steadied, moved_by, seen.pose)
        stored = self._stored(seen, steadied, tokens)
        return Answer(steadied + own, self.carry(deep).tanh(), stored, memory)

    def _encode(self, seen: Seen) -> tuple[Maps, Float[Tensor, "b n kinds width"]]:
        centred = seen.log_inverse - seen.log_inverse.mean((2, 3), keepdim=True)
        last = warped(seen.last_image, seen.flow)
        changed = (last - seen.image).abs().mean(1, keepdim=True)
        mean = seen.image.mean((1, 2, 3), keepdim=True)
        spread = seen.image.std((1, 2, 3), keepdim=True) + 0.02
        look = torch.cat([(seen.image - mean) / spread, centred, seen.confidence, changed], 1)
        own = stray(seen.flow, seen.log_inverse, seen.camera, seen.motion)
        length = seen.flow.square().sum(1, keepdim=True).sqrt().log1p()
        moves = torch.cat([seen.flow / 8, length, own / 2, changed], 1)
        fine = self.fine(look)
        kinds = (self.coarse(fine), self.moves(moves))
        return fine, torch.stack([k.flatten(2).transpose(1, 2) for k in kinds], 2)

    def _answer(self, seen: Seen, deep: Maps, correction: Maps) -> tuple[Maps, Maps]:
        """The base moved towards what is remembered, and what is to be added to that."""
        detail = seen.log_inverse - _larger(functional.avg_pool2d(seen.log_inverse, CELL), CELL)
        grey = seen.image.mean(1, keepdim=True)
        hints = torch.cat([detail, seen.confidence, grey, correction], 1)
        gain, own = self.out(self.sharpen(torch.cat([_larger(deep, 2), hints], 1))).chunk(2, 1)
        doubt = 1 - seen.confidence
        steadied = seen.log_inverse + MOST * gain.tanh() * correction
        return steadied, RESIDUAL * doubt * own.tanh()

    def _stored(self, seen: Seen, log: Maps, tokens: Float[Tensor, "b n kinds width"]) -> Memorised:
        size = (log.shape[2], log.shape[3])
        middle = slice(CELL // 2 - 1, None, CELL), slice(CELL // 2 - 1, None, CELL)
        rays = rays_of(seen.camera, size)[:, :, *middle].flatten(2)
        inverse = log[:, :, *middle].flatten(2)
        points = moved((rays * (-inverse).exp()).transpose(1, 2), seen.pose.float())
        keys = torch.stack([k(tokens[:, :, i]) for i, k in enumerate(self.keys)], 2)
        features = torch.stack([f(tokens[:, :, i]) for i, f in enumerate(self.features)], 2)
        return Memorised(keys, features, points)


def _conv(before: int, after: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride, 1)


def _map(tokens: Float[Tensor, "b n c"], grid: tuple[int, int]) -> Maps:
    return tokens.transpose(1, 2).reshape(len(tokens), -1, *grid)


def _larger(maps: Maps, times: int) -> Maps:
    return functional.interpolate(maps, scale_factor=times, mode="bilinear")
