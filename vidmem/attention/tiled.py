"""Tiles of queries against all tokens of a stream, by matrix products: for narrow values.

Torch's fused CPU kernel needs values as wide as keys. Where they are much narrower, because a
caller projects them after reading instead of before, plain products do less arithmetic.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidmem.attention.layout import fold_heads, listed_pages, token_rows, unfold_heads
from vidmem.types import Pages

_WEIGHTS = 2**21
"""Most weights in memory at once: 8 MiB."""


@torch.no_grad()
def attend_tiled(
    query: Float[Tensor, "streams queries heads key"], pages: Pages, *, scale: float
) -> Float[Tensor, "streams queries heads value"]:
    """Stream by stream, valid tokens only; no gradients, no mass."""
    streams, queries, heads, _ = query.shape
    attended = query.new_zeros(streams, queries, heads, pages.values.shape[-1])
    for stream, listed in enumerate(listed_pages(pages)):
        if not listed:
            continue
        rows = token_rows(pages, [page for _, page in listed])
        keys = pages.keys.flatten(0, 1)[rows].permute(1, 2, 0)
        values = pages.values.flatten(0, 1)[rows].transpose(0, 1)
        folded = fold_heads(query[stream], groups=pages.keys.shape[2]) * scale
        answer = _in_tiles(folded, keys, values)
        attended[stream] = unfold_heads(answer, queries=queries)
    return attended


def _in_tiles(
    query: Float[Tensor, "groups rows key"],
    keys: Float[Tensor, "groups key tokens"],
    values: Float[Tensor, "groups tokens value"],
) -> Float[Tensor, "groups rows value"]:
    groups, rows, _ = query.shape
    height = max(1, _WEIGHTS // (groups * keys.shape[2]))
    parts = [
        torch.matmul(torch.matmul(tile, keys).softmax(-1), values)
        for tile in torch.split(query, min(height, rows), dim=1)
    ]
    return torch.cat(parts, dim=1)
