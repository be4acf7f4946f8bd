"""What the stored tokens say: every place asks the pages of an object how much it is the object.

Query and key are laid out so that their product is a squared distance, which makes the softmax over
stored tokens a Gaussian kernel regression (Nadaraya-Watson) of the stored masks.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vidmem.attention import attend
from vidmem.types import Features, MemoryView, Recall, Stream, Tokens

WIDTH = 0.12
"""Of the kernel: tokens this far apart (50 Lab units are 1) count exp(-1/2) of equal ones."""
PAGES_READ = 4
"""Of an object's pages, the most promising ones."""
TOKENS = 384
"""Of a page: the object's, those around it, and some of everything else."""
OWN_TOKENS = 192
KEY = 12


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
    tokens = features.tensors["tokens"]
    rows, columns = tokens.shape[:2]
    flat = tokens.reshape(-1, tokens.shape[-1])
    ones = torch.ones(len(flat), 1)
    query = torch.cat([flat, ones, half_square(flat)], 1)
    query = query[None, :, None].expand(len(view.streams), -1, -1, -1)
    found = attend(query, view.pages, scale=WIDTH**-2, mass="page", top_pages=PAGES_READ)
    read = found.values[..., 0, :1].transpose(1, 2).reshape(-1, 1, rows, columns)
    shape = features.grey.shape
    large = functional.interpolate(2 * read - 1, shape, mode="bilinear", align_corners=False)
    inside = {s.object_id: large[i, 0] for i, s in enumerate(view.streams) if view.ages[i]}
    assert found.mass is not None
    return Readout(inside, _masses(view, found.mass))


def page_of(features: Features, logits: Float[Tensor, "h w"]) -> Tokens:
    """What is stored of one object in one frame: chosen tokens, their masks, a description."""
    tokens, waves = features.tensors["tokens"], features.tensors["waves"]
    rows, columns, size = tokens.shape
    inside = functional.adaptive_avg_pool2d(torch.sigmoid(logits)[None, None], (rows, columns))[
        0, 0
    ]
    chosen = choose(inside)
    own = inside.flatten()[chosen]
    flat = tokens.reshape(-1, size)[chosen]
    # The few tokens of a small object would drown among the rest: both sides get equal say.
    share = own.mean().clamp(0.02, 0.98)
    say = WIDTH**2 * torch.where(own > 0.5, -share.log(), -(1 - share).log())
    keys = torch.cat([flat, half_square(flat) + say[:, None], torch.ones(len(flat), 1)], 1)
    mean = (waves.reshape(-1, waves.shape[-1])[chosen] * own[:, None]).sum(0)
    descriptor = functional.normalize(mean, dim=0).numpy()
    return Tokens(keys[:, None], own[:, None, None], descriptor)


def choose(inside: Float[Tensor, "rows columns"]) -> Int[Tensor, " tokens"]:
    """Numbers of the tokens that are stored."""
    own = (inside > 0.5).numpy()
    if not own.any():
        own = (inside >= inside.max()).numpy()
    mine = thinned(np.flatnonzero(own), OWN_TOKENS)
    distance = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5).ravel()
    others = np.flatnonzero(~own.ravel())
    by_distance = others[np.argsort(distance[others], kind="stable")]
    room = TOKENS - len(mine)
    near, far = by_distance[: room // 2], np.sort(by_distance[room // 2 :])
    return torch.from_numpy(np.concatenate([mine, near, thinned(far, room - len(near))]))


def thinned(numbers: np.ndarray, most: int) -> np.ndarray:
    """At most so many of them, evenly spread."""
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)]


def half_square(tokens: Float[Tensor, "n size"]) -> Float[Tensor, "n 1"]:
    """Minus half the squared length."""
    return -0.5 * tokens.square().sum(1, keepdim=True)


def _masses(view: MemoryView, mass: Tensor) -> dict[Stream, tuple[float, ...]]:
    return {
        stream: tuple(mass[i, : len(view.ages[i])].tolist())
        for i, stream in enumerate(view.streams)
    }
