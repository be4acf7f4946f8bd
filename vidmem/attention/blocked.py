"""Page by page on the CPU: no gather, temporaries of one page whatever the number of pages.

Each page is attended to alone by torch's fused CPU kernel, which also gives the logarithm of its
softmax sum; the answers are then weighed by it (online softmax; Milakov and Gimelshein 2018,
arXiv:1805.02867). The same logarithms are the page mass, so it costs nothing.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidmem.attention.layout import fold_heads, listed_pages, pad_width, unfold_heads
from vidmem.attention.reference import Mass
from vidmem.types import Pages

_HALVED_FROM = 512
"""Rows from which the queries are given to the kernel as two halves. It hands out blocks of 256
rows; 1620 rows are 7 blocks, so of two cores one would wait while the other does the last."""
_TILE = 128
"""Rows whose weights are in memory at once while token mass is measured."""


@torch.no_grad()
def attend_blocked(
    query: Float[Tensor, "streams queries heads key"],
    pages: Pages,
    *,
    scale: float,
    mass: Mass | None = None,
) -> tuple[Float[Tensor, "streams queries heads value"], Tensor | None]:
    """CPU only, no gradients. Token mass costs a second pass over query and keys."""
    streams, queries, heads, _ = query.shape
    slots, (tokens, groups, value) = pages.table.shape[1], pages.values.shape[1:]
    attended = query.new_zeros(streams, queries, heads, value)
    shape = (streams, slots, tokens) if mass == "token" else (streams, slots)
    received = torch.zeros(shape, dtype=torch.promote_types(query.dtype, torch.float32))
    # Alone where each page's share is wanted, or where only one page at a time may be widened.
    alone = mass == "page" or query.shape[-1] != value
    for stream, listed in enumerate(listed_pages(pages)):
        if not listed:
            continue
        folded = fold_heads(query[stream], groups=groups)
        runs = _runs(pages, [page for _, page in listed], alone=alone)
        answer, sums, total = _attend_stream(folded, pages, runs, scale)
        attended[stream] = unfold_heads(answer, queries=queries)
        if mass == "page":
            shares = torch.stack([(part - total).exp_().mean() for part in sums])
            received[stream, [slot for slot, _ in listed]] = shares
        elif mass == "token":
            total = total.transpose(0, 1).flatten(1)
            for slot, page in listed:
                keys = pages.keys[page, : pages.counts[page]].transpose(0, 1)
                received[stream, slot, : keys.shape[1]] = _token_mass(folded, keys, total, scale)
    return attended, received if mass else None


def _runs(pages: Pages, numbers: list[int], *, alone: bool) -> list[slice]:
    """Rows of the flattened pool that one kernel call reads: pages, joined where they touch."""
    tokens = pages.keys.shape[1]
    runs: list[slice] = []
    for page, count in zip(numbers, pages.counts[numbers].tolist(), strict=True):
        start = page * tokens
        joined = not alone and bool(runs) and runs[-1].stop == start
        runs.append(slice(runs.pop().start if joined else start, start + count))
    return runs


def _attend_stream(
    query: Float[Tensor, "groups rows key"], pages: Pages, runs: list[slice], scale: float
) -> tuple[
    Float[Tensor, "groups rows value"],
    list[Float[Tensor, "halves groups half"]],
    Float[Tensor, "halves groups half"],
]:
    """The answer, each run's logarithm of the softmax sum and that of all, in float32 or wider."""
    groups, rows, _ = query.shape
    width, value = max(query.shape[-1], pages.values.shape[-1]), pages.values.shape[-1]
    halves = 2 if rows >= _HALVED_FROM and rows % 2 == 0 else 1
    split = pad_width(query, width).view(groups, halves, rows // halves, width).transpose(0, 1)
    pools = (_Widened(pages.keys, width), _Widened(pages.values, width))
    answer, sums, total = None, [], None
    for run in runs:
        keys, values = (pool.read(run).expand(halves, -1, -1, -1) for pool in pools)
        found, run_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            split, keys, values, 0.0, False, scale=scale
        )
        found = found[..., :value].to(run_sum.dtype)
        if answer is None or total is None:
            answer, total = found, run_sum
        else:
            both = torch.logaddexp(total, run_sum)
            answer *= (total - both).exp_()[..., None]
            answer.addcmul_(found, (run_sum - both).exp_()[..., None])
            total = both
        sums.append(run_sum)
    assert answer is not None
    assert total is not None
    return answer.transpose(0, 1).reshape(groups, rows, value), sums, total


class _Widened:
    """Rows of a pool at the kernel's width, through one page of room where they are narrower."""

    def __init__(self, pool: Float[Tensor, "pages tokens groups narrow"], width: int) -> None:
        self.rows, self.narrow = pool.flatten(0, 1), pool.shape[-1]
        wide = (pool.shape[1], pool.shape[2], width)
        self.room = pool.new_zeros(wide) if self.narrow < width else None

    def read(self, run: slice) -> Float[Tensor, "groups tokens width"]:
        """Valid until the next read."""
        rows = self.rows[run]
        if self.room is not None:
            room = self.room[: len(rows)]
            room[..., : self.narrow] = rows
            rows = room
        return rows.transpose(0, 1)


def _token_mass(
    query: Float[Tensor, "groups rows key"],
    keys: Float[Tensor, "groups tokens key"],
    total: Float[Tensor, "groups rows"],
    scale: float,
) -> Float[Tensor, " tokens"]:
    """Mean over groups and rows of the final weights of one page's tokens."""
    received = torch.zeros(keys.shape[1], dtype=total.dtype)
    transposed = keys.to(total.dtype).transpose(1, 2)
    for start in range(0, query.shape[1], _TILE):
        tile = query[:, start : start + _TILE].to(total.dtype) * scale
        logits = torch.matmul(tile, transposed)
        received += logits.sub_(total[:, start : start + _TILE, None]).exp_().sum((0, 1))
    return received / total.numel()
