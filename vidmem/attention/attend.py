"""The one front of attention over stored tokens: checks, ranking of pages, choice of backend."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vidmem.attention.blocked import attend_blocked
from vidmem.attention.reference import Mass, attend_reference
from vidmem.attention.sdpa import attend_sdpa
from vidmem.attention.tiled import attend_tiled
from vidmem.types import Pages

Backend = Literal["auto", "reference", "sdpa", "blocked", "tiled", "triton"]


_SHORT_PAGE = 1024
"""Tokens below which a kernel call per page costs more than gathering the pages on the CPU."""
_NARROW, _WIDE = 4, 128
"""Keys so many times as wide as values, and so wide: plain products beat the fused kernel, which
pads values. Narrow keys are cheap to pad."""


@dataclass(frozen=True, slots=True, eq=False)
class Attended:
    """What the queries read, and what each page gave."""

    values: Float[Tensor, "streams queries heads value"]
    mass: Float[Tensor, "streams slots"] | Float[Tensor, "streams slots tokens"] | None
    """Share of the attention that each slot (or token) received: the mean over heads and queries
    of the softmax weights. Sums to 1 over a stream that has tokens, is 0 elsewhere. No gradient."""


def attend(
    query: Float[Tensor, "streams queries heads key"],
    pages: Pages,
    *,
    scale: float | None = None,
    backend: Backend = "auto",
    top_pages: int | None = None,
    mass: Mass | None = None,
) -> Attended:
    """Every stream's queries read every valid token of the pages in its row of the table.

    ``softmax(scale * query . key)`` over the first ``counts[page]`` tokens of each listed page;
    what lies behind them is never used. Head ``h`` reads key group ``h // (heads // groups)``.
    Computed in float32 at least, returned in the query's type. A stream without tokens reads
    zeros. A page listed twice counts twice. Gradients reach query, keys and values.

    Args:
        query: of the same type and device as the pages' keys and values.
        pages: pool and page table; streams may list different numbers of pages.
        scale: of the logits; ``key ** -0.5`` by default.
        backend: which implementation; "auto" takes the fastest measured one for the device
            (docs/performance.md). All are equal within rounding.
        top_pages: read only this many pages per stream, those with the greatest expected mass:
            the mean over queries and heads of softmax over pages of ``scale * query . summary +
            log count``, the mass a page would receive if all its keys equalled their mean. Equal
            pages: the earlier slot. Pages left out receive zero mass.
        mass: also return the attention each slot ("page") or token ("token") received.

    Raises:
        ValueError: sizes, types or devices that do not belong together.
    """
    _check(query, pages, top_pages)
    # The fused CPU kernel reads wrong numbers where the last axis has a stride, without an error.
    query = query.contiguous()
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    if top_pages is not None and top_pages < pages.table.shape[1]:
        kept = rank_pages(query, pages, scale=scale, count=top_pages)
        table = pages.table.gather(1, kept)
        shrunk = replace(pages, table=table)
        found = attend(query, shrunk, scale=scale, backend=backend, mass=mass)
        return Attended(found.values, _widen(found.mass, kept, pages.table.shape[1]))
    name = choose(query, pages, mass=mass) if backend == "auto" else backend
    if name == "blocked" and (query.device.type != "cpu" or _needs_gradient(query, pages)):
        raise ValueError("blocked runs on the CPU, without gradients; take another backend.")
    if name == "tiled":
        if mass is not None or _needs_gradient(query, pages):
            raise ValueError("tiled gives neither mass nor gradients; take another backend.")
        return Attended(attend_tiled(query, pages, scale=scale), None)
    if name == "triton" and query.dtype == torch.float64:
        raise ValueError("triton computes in 32 bits; take another backend for float64.")
    if name == "triton":
        from vidmem.attention.triton import attend_triton

        return Attended(*attend_triton(query, pages, scale=scale, mass=mass))
    run = {"reference": attend_reference, "sdpa": attend_sdpa, "blocked": attend_blocked}[name]
    return Attended(*run(query, pages, scale=scale, mass=mass))


@torch.no_grad()
def rank_pages(
    query: Float[Tensor, "streams queries heads key"], pages: Pages, *, scale: float, count: int
) -> Int[Tensor, "streams count"]:
    """The slots of the ``count`` pages with the greatest expected mass, in the table's order."""
    streams, queries, heads, width = query.shape
    listed = pages.table.clamp(min=0).long()
    tokens = torch.where(pages.table >= 0, pages.counts[listed], 0)
    groups = pages.summary.shape[1]
    folded = query.reshape(streams, queries, groups, heads // groups, width)
    summary = pages.summary[listed].to(query.dtype)
    logits = torch.einsum("sqghk,spgk->sqghp", folded, summary).float() * scale
    logits = logits + tokens.to(logits.dtype).log()[:, None, None, None]
    logits = logits.masked_fill((tokens == 0)[:, None, None, None], -torch.inf)
    expected = logits.softmax(-1).nan_to_num(0).mean(dim=(1, 2, 3))
    # An empty slot ranks behind a page whose expected mass has underflowed to zero.
    expected = torch.where(tokens > 0, expected, -1)
    best = expected.sort(dim=-1, descending=True, stable=True).indices[:, :count]
    return best.sort(dim=-1).values


def _widen(mass: Tensor | None, kept: Int[Tensor, "streams count"], slots: int) -> Tensor | None:
    if mass is None:
        return None
    index = kept if mass.ndim == 2 else kept[..., None].expand_as(mass)
    full = mass.new_zeros(mass.shape[0], slots, *mass.shape[2:])
    return full.scatter(1, index, mass)


def choose(
    query: Tensor, pages: Pages, *, mass: Mass | None
) -> Literal["sdpa", "blocked", "tiled", "triton"]:
    """The measured table of docs/performance.md. On a GPU it is by reasoning: not yet timed."""
    if query.device.type == "cuda" and query.dtype != torch.float64:
        return "triton"
    if query.device.type != "cpu" or _needs_gradient(query, pages):
        return "sdpa"
    if mass is None and query.dtype == torch.float32 and _narrow(pages):
        return "tiled"
    short = pages.keys.shape[1] < _SHORT_PAGE and mass is None
    return "sdpa" if short else "blocked"


def _narrow(pages: Pages) -> bool:
    key, value = pages.keys.shape[-1], pages.values.shape[-1]
    return key >= max(_WIDE, _NARROW * value) > 0


def _needs_gradient(query: Tensor, pages: Pages) -> bool:
    tensors = (query, pages.keys, pages.values)
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _check(query: Tensor, pages: Pages, top_pages: int | None) -> None:
    keys, values, table = pages.keys, pages.values, pages.table
    if (query.ndim, keys.ndim, values.ndim, table.ndim) != (4, 4, 4, 2):
        raise ValueError(
            "query is [streams queries heads key], keys and values are [pages tokens groups size], "
            f"table is [streams slots]; got {tuple(query.shape)}, {tuple(keys.shape)}, "
            f"{tuple(values.shape)} and {tuple(table.shape)}."
        )
    if query.shape[0] != table.shape[0]:
        raise ValueError(f"{query.shape[0]} streams of queries, {table.shape[0]} in the table.")
    if query.shape[3] != keys.shape[3]:
        raise ValueError(f"Queries are {query.shape[3]} wide, keys {keys.shape[3]}.")
    if query.shape[2] % keys.shape[2]:
        raise ValueError(f"{query.shape[2]} heads are no multiple of {keys.shape[2]} groups.")
    if keys.shape[:3] != values.shape[:3]:
        raise ValueError(f"Keys are {tuple(keys.shape)}, values {tuple(values.shape)}.")
    if len({query.dtype, keys.dtype, values.dtype}) > 1:
        raise ValueError(f"Types differ: {query.dtype}, {keys.dtype}, {values.dtype}.")
    if top_pages is not None and top_pages < 1:
        raise ValueError(f"top_pages is {top_pages}; it must be at least 1.")
