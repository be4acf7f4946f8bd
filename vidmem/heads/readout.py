"""What the stored tokens say: every pixel asks the pages of an object how much it is the object."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidmem.attention import attend
from vidmem.types import Features, MemoryView, Recall, Stream

SHARPNESS = 24.0
"""Scale of the logits between unit keys: how much more a similar token counts."""
PAGES_READ = 4
"""Of an object's pages, the most promising ones: reading is most of a step's time."""


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """By object: what was read, -1 to 1 at working size, and the attention each page received."""

    inside: dict[int, Float[Tensor, "h w"]]
    attention: dict[Stream, tuple[float, ...]]


def read_pages(features: Features, recall: Recall) -> Readout:
    """Read every object's pages at once, in one call of ``attend``."""
    view = recall.views.get("object")
    if view is None:
        return Readout({}, {})
    keys = features.tensors["keys"]
    rows, columns, size = keys.shape
    query = keys.view(1, -1, 1, size).expand(len(view.streams), -1, -1, -1)
    found = attend(query, view.pages, scale=SHARPNESS, mass="page", top_pages=PAGES_READ)
    read = found.values[..., 0, :1].transpose(1, 2).reshape(-1, 1, rows, columns)
    shape = features.grey.shape
    large = functional.interpolate(2 * read - 1, shape, mode="bilinear", align_corners=False)
    inside = {
        stream.object_id: large[i, 0] for i, stream in enumerate(view.streams) if view.ages[i]
    }
    assert found.mass is not None
    return Readout(inside, _masses(view, found.mass))


def _masses(view: MemoryView, mass: Tensor) -> dict[Stream, tuple[float, ...]]:
    return {
        stream: tuple(mass[i, : len(view.ages[i])].tolist())
        for i, stream in enumerate(view.streams)
    }


def descriptor_of(
    keys: Float[Tensor, "tokens key"], inside: Float[Tensor, "tokens 1"]
) -> Float[Tensor, " key"]:
    """Unit mean of the tokens inside: how one page is compared with another."""
    return functional.normalize((keys * inside).sum(0), dim=0)


def token_mask(logits: Float[Tensor, "h w"], shape: tuple[int, int]) -> Float[Tensor, "tokens 1"]:
    """Share of every token's cell that the mask covers."""
    pooled = functional.adaptive_avg_pool2d(torch.sigmoid(logits)[None, None], shape)
    return pooled.reshape(-1, 1)
