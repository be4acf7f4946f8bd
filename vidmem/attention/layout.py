"""How heads, groups and page tables are laid out for kernels that know neither."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vidmem.types import Pages


def fold_heads(
    query: Float[Tensor, "queries heads key"], *, groups: int
) -> Float[Tensor, "groups rows key"]:
    """Heads that share a group become more queries of it: exact without a mask, and copies no key.

    Head ``h`` reads group ``h // (heads // groups)``.
    """
    queries, heads, key = query.shape
    folded = query.view(queries, groups, heads // groups, key) if heads > groups else query
    return folded.transpose(0, 1).reshape(groups, -1, key)


def unfold_heads(
    rows: Float[Tensor, "groups rows value"], *, queries: int
) -> Float[Tensor, "queries heads value"]:
    """The way back from :func:`fold_heads`."""
    groups, _, value = rows.shape
    return rows.view(groups, queries, -1, value).transpose(0, 1).reshape(queries, -1, value)


def pad_width(tensor: Float[Tensor, "*shape narrow"], width: int) -> Float[Tensor, "*shape wide"]:
    """Zeros behind the last axis. Zeros in query and key change no logit; in values they are cut.

    Torch's fused CPU kernels want keys and values of one width; anything else falls to a path that
    was measured 1.8 to 6 times slower than computing with the zeros (docs/performance.md).
    """
    missing = width - tensor.shape[-1]
    return functional.pad(tensor, (0, missing)) if missing else tensor


def listed_pages(pages: Pages) -> list[list[tuple[int, int]]]:
    """Per stream: slot and page number of every page with valid tokens. Waits for the device."""
    counts = pages.counts.tolist()
    return [
        [(slot, page) for slot, page in enumerate(row) if page >= 0 and counts[page] > 0]
        for row in pages.table.tolist()
    ]


def token_rows(pages: Pages, numbers: list[int]) -> slice | Int[Tensor, " rows"]:
    """Where the valid tokens of these pages are in the flattened pool, in order.

    Neighbouring full pages need no gather: they come as a slice.
    """
    tokens = pages.keys.shape[1]
    counts = [int(count) for count in pages.counts[numbers].tolist()]
    first = numbers[0]
    contiguous = numbers == list(range(first, first + len(numbers)))
    if contiguous and all(count == tokens for count in counts[:-1]):
        return slice(first * tokens, first * tokens + sum(counts))
    device = pages.keys.device
    ranges = [
        torch.arange(number * tokens, number * tokens + count, device=device)
        for number, count in zip(numbers, counts, strict=True)
    ]
    return torch.cat(ranges)
