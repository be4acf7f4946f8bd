"""The definition of attention over stored tokens, in plain torch: what every backend must equal.

It gathers everything and keeps every weight, so it is for tests and small shapes.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vidmem.types import Pages

Mass = Literal["page", "token"]


def valid_tokens(pages: Pages) -> Bool[Tensor, "streams slots tokens"]:
    """True where a slot of the table holds a page and the token is one of its ``counts``."""
    position = torch.arange(pages.keys.shape[1], device=pages.keys.device)
    held = (pages.table >= 0)[..., None]
    return held & (position < pages.counts[pages.table.clamp(min=0)][..., None])


def attend_reference(
    query: Float[Tensor, "streams queries heads key"],
    pages: Pages,
    *,
    scale: float,
    mass: Mass | None = None,
) -> tuple[Float[Tensor, "streams queries heads value"], Tensor | None]:
    """Softmax attention of every query over all valid tokens of its stream.

    Computed in float32 (float64 stays), returned in the query's type; mass is float32 or wider.
    """
    exact = torch.promote_types(query.dtype, torch.float32)
    streams, queries, heads, width = query.shape
    groups = pages.keys.shape[2]
    valid = valid_tokens(pages)
    listed = pages.table.clamp(min=0)
    # What lies behind the valid tokens may be anything, NaN included.
    absent = ~valid[..., None, None]
    keys = pages.keys[listed].to(exact).masked_fill(absent, 0)
    values = pages.values[listed].to(exact).masked_fill(absent, 0)
    folded = query.to(exact).reshape(streams, queries, groups, heads // groups, width) * scale
    logits = torch.einsum("sqghk,sptgk->sqghpt", folded, keys)
    seen = valid[:, None, None, None]
    logits = logits.masked_fill(~seen, torch.finfo(exact).min)
    weights = logits.flatten(-2).softmax(-1).view_as(logits) * seen
    attended = torch.einsum("sqghpt,sptgv->sqghv", weights, values)
    per_token = weights.detach().mean(dim=(1, 2, 3)) if mass else None
    received = per_token.sum(-1) if per_token is not None and mass == "page" else per_token
    return attended.reshape(streams, queries, heads, -1).to(query.dtype), received
