"""The small network behind shown masks: what spoke for and against an object, weighed again.

A U-Net (Ronneberger et al., 2015) on colour and the closed form's evidence. Four pixels are seen as
one at first (space to depth: Shi et al., 2016), for speed.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 13
"""Of :func:`.learned_masks.sight_of`: colour, colour against what is around it, and these."""
EDGES, APPEARANCE, MEMORY, CARRIED, OTHER, TOTAL, DISTANCE = range(6, CHANNELS)
TOTAL_SCALE = 2.5
"""Of the closed form's sum, for 1."""
WIDTHS = (20, 32, 48)
ALIGNMENT = 8
"""Rows and columns of what it sees are multiples of this."""
MOST = 0.8
"""Evidence that it adds or takes at most; the closed form's is about -5 to 5."""


class Step(nn.Sequential):
    """Convolution, normalisation, rectification."""

    def __init__(self, ins: int, outs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs), nn.ReLU()
        )


class MaskNetwork(nn.Module):
    """A residual of the evidence; untrained it is nothing."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.first = nn.Sequential(Step(4 * CHANNELS, a), Step(a, a))
        self.second = nn.Sequential(Step(a, b, 2), Step(b, b))
        self.third = nn.Sequential(Step(b, c, 2), Step(c, c))
        self.up = nn.ModuleList([nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)])
        self.join = nn.ModuleList([Step(b, b), Step(a, a)])
        self.out = nn.Conv2d(a, 4, 3, 1, 1)
        for part in self.out.parameters():
            nn.init.zeros_(part)

    def forward(
        self, sights: Float[Tensor, "objects channels rows columns"]
    ) -> Float[Tensor, "objects rows columns"]:
        """What to add to the evidence, -0.8 to 0.8."""
        seen = functional.pixel_unshuffle(sights, 2)
        one = self.first(seen.contiguous(memory_format=torch.channels_last))
        two = self.second(one)
        x = self.third(two)
        for up, join, level in zip(self.up, self.join, (two, one), strict=True):
            x = join(level + functional.interpolate(up(x), scale_factor=2.0))
        change = functional.pixel_shuffle(self.out(x), 2)[:, 0]
        return MOST * torch.tanh(change)
