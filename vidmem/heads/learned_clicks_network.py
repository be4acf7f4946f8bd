"""The small network behind clicks: a picture and an answer to a corrected answer.

A U-Net (Ronneberger et al., 2015) over a square around what is known: the picture, the answer, what
the closed form makes of both, and where the clicks are. Clicks tell less than a box, so here the
shape of the whole square counts, not only what is in each pixel.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 17
"""Of :func:`.learned_clicks.sight_of`."""
KNOWN = 3
"""The channel with the answer before, -1 to 1."""
WIDTHS = (16, 32, 56, 80)
BORDER = 8
"""Pixels of the square that it does not look at, on every side."""
TRUST = 3.0
"""Logit of the answer before, where it is sure."""


class Step(nn.Sequential):
    """Convolution, normalisation, rectification."""

    def __init__(self, ins: int, outs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs), nn.ReLU()
        )


class ClickNetwork(nn.Module):
    """A correction to an answer; untrained it changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        levels = ((a, b), (b, c), (c, d), (d, d))
        self.first = Step(CHANNELS, a)
        self.down = nn.ModuleList(
            nn.Sequential(Step(ins, outs, 2), Step(outs, outs)) for ins, outs in levels
        )
        self.up = nn.ModuleList([Step(2 * d, c), Step(2 * c, b), Step(2 * b, a), Step(2 * a, a)])
        self.out = nn.Conv2d(a, 1, 3, 1, 1)
        for part in self.out.parameters():
            nn.init.zeros_(part)

    def forward(
        self, sights: Float[Tensor, "squares channels side side"]
    ) -> Float[Tensor, "squares side side"]:
        """Logits of the object."""
        x = self.first(sights[..., BORDER:-BORDER, BORDER:-BORDER])
        levels = [x]
        for step in self.down:
            levels.append(step(levels[-1]))
        x = levels.pop()
        for step in self.up:
            x = step(torch.cat([functional.interpolate(x, scale_factor=2.0), levels.pop()], 1))
        change = functional.pad(self.out(x)[:, 0], (BORDER,) * 4)
        logits: Tensor = TRUST * sights[:, KNOWN] + change
        return logits
