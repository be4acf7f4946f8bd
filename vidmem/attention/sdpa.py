"""Gather a stream's tokens, then torch's ``scaled_dot_product_attention``."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from vidmem.attention.layout import (
    fold_heads,
    listed_pages,
    pad_width,
    token_rows,
    unfold_heads,
)
from vidmem.attention.reference import Mass
from vidmem.types import Pages

_TILE = 128
"""Queries whose weights are in memory at once while mass is measured."""


def attend_sdpa(
    query: Float[Tensor, "streams queries heads key"],
    pages: Pages,
    *,
    scale: float,
    mass: Mass | None = None,
) -> tuple[Float[Tensor, "streams queries heads value"], Tensor | None]:
    """Stream by stream, valid tokens only. Mass costs a second pass over query and keys."""
    streams, queries, heads, _ = query.shape
    tokens, groups, value = pages.values.shape[1:]
    attended = []
    received = query.new_zeros((*pages.table.shape, tokens), dtype=torch.float32) if mass else None
    for stream, listed in enumerate(listed_pages(pages)):
        if not listed:
            attended.append(query.new_zeros(queries, heads, value))
            continue
        rows = token_rows(pages, [page for _, page in listed])
        keys = pages.keys.flatten(0, 1)[rows].transpose(0, 1)
        values = pages.values.flatten(0, 1)[rows].transpose(0, 1)
        folded = fold_heads(query[stream], groups=groups)
        attended.append(unfold_heads(_sdpa(folded, keys, values, scale), queries=queries))
        if received is not None:
            _spread(received[stream], _column_mass(folded, keys, scale), pages, listed)
    out = torch.stack(attended) if streams else query.new_zeros(0, queries, heads, value)
    return out, received.sum(-1) if received is not None and mass == "page" else received


def _sdpa(
    query: Float[Tensor, "groups rows key"],
    keys: Float[Tensor, "groups tokens key"],
    values: Float[Tensor, "groups tokens value"],
    scale: float,
) -> Float[Tensor, "groups rows value"]:
    width = max(keys.shape[-1], values.shape[-1])
    q, k, v = (pad_width(tensor, width)[None] for tensor in (query, keys, values))
    return scaled_dot_product_attention(q, k, v, scale=scale)[0, :, :, : values.shape[-1]]


@torch.no_grad()
def _column_mass(
    query: Float[Tensor, "groups rows key"], keys: Float[Tensor, "groups tokens key"], scale: float
) -> Float[Tensor, " tokens"]:
    """Mean over groups and rows, so over heads and queries, of the weights of every token."""
    total = torch.zeros(keys.shape[1], dtype=torch.float32, device=keys.device)
    transposed = keys.float().transpose(1, 2)
    for tile in torch.split(query, _TILE, dim=1):
        weights = torch.matmul(tile.float() * scale, transposed).softmax(-1)
        total += weights.sum(dim=(0, 1))
    return total / (query.shape[0] * query.shape[1])


def _spread(
    received: Float[Tensor, "slots tokens"],
    columns: Float[Tensor, " rows"],
    pages: Pages,
    listed: list[tuple[int, int]],
) -> None:
    """Columns of the gathered tokens back to their slots."""
    counts = [int(pages.counts[page]) for _, page in listed]
    for (slot, _), part in zip(listed, torch.split(columns, counts), strict=True):
        received[slot, : len(part)] = part
