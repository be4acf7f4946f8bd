"""The small networks behind prompts; for boxes, every pixel's features to a correction, in rounds.

Each round is a perceptron on the pixels of one box, far cheaper than convolutions; what is around
a pixel is in its features (see :mod:`.learned_prompts_features`). A round's answer is where the
next one learns its object's appearance from.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidmem.heads.learned_clicks_network import ClickNetwork
from vidmem.heads.learned_prompts_features import FIRST, LATER

WIDTHS = (48, 24)
ROUNDS = 2
LIMIT = 6.0
"""Of features, in deviations: what was never seen in training must not decide alone."""
TRUST = 3.0
"""Logit of the answer before, where it is sure."""


class Round(nn.Module):
    """A correction to what is known; nothing before it is trained."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(features))
        self.deviation = nn.Buffer(torch.ones(features))
        wide, narrow = WIDTHS
        self.first = nn.Linear(features, wide)
        self.second = nn.Linear(wide, narrow)
        self.out = nn.Linear(narrow, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self, features: Float[Tensor, "*pixels features"], known: Float[Tensor, "*pixels"]
    ) -> Float[Tensor, "*pixels"]:
        """Logits of the object.

        Args:
            features: as they are; normalised here.
            known: the answer before, -1 to 1.
        """
        x = ((features - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)
        x = functional.gelu(self.first(x))
        x = functional.gelu(self.second(x))
        logits: Tensor = TRUST * known + self.out(x)[..., 0]
        return logits


class PromptNetwork(nn.Module):
    """Rounds for boxes, the first after the box alone, the others after an answer; and clicks."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds = nn.ModuleList(Round(FIRST if k == 0 else LATER) for k in range(ROUNDS))
        self.clicks = ClickNetwork()
