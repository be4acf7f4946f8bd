"""A look at a keyframe takes two steps, so that all steps take about as long.

In one step the picture is compared with the keyframe's; the next step, before it goes on from
there, finds the motion and the depth that this shows, and joins it to what the previous frame knew.
(A fast camera cannot wait.)
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from vidmem.heads.geometry.beginning import at_previous
from vidmem.heads.geometry.current import Compared, known_of
from vidmem.heads.geometry.looking import looked, usable
from vidmem.types import Recall

PREFIX = "compared."


def written(compared: Sequence[Compared]) -> dict[str, torch.Tensor]:
    """For a depth's state; empty where nothing was compared."""
    if not compared:
        return {}
    return {
        f"{PREFIX}index": torch.tensor([each.partner.card.index for each in compared]),
        f"{PREFIX}flow": torch.stack([torch.from_numpy(each.flow) for each in compared]),
        f"{PREFIX}error": torch.stack([torch.from_numpy(each.error) for each in compared]),
    }


def look_back(recall: Recall) -> Recall:
    """With what comparisons of the previous frame show joined to its depth."""
    previous = recall.previous
    if previous is None or previous.depth is None or f"{PREFIX}index" not in previous.depth.state:
        return recall
    before = previous.depth
    now = at_previous(previous, before)
    known = {each.card.index: each for each in usable(now, recall)}
    indices = before.state[f"{PREFIX}index"].tolist()
    maps = (before.state[f"{PREFIX}{name}"].numpy() for name in ("flow", "error"))
    compared = zip(indices, *maps, strict=True)
    now = looked(now, (Compared(known[i], *rest) for i, *rest in compared if i in known))
    state = {**before.state, **known_of(now)}
    return replace(recall, previous=replace(previous, depth=replace(before, state=state)))
