"""Random pools and tables, with poison where nobody may read."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from vidmem.types import Pages

Case = tuple[Tensor, Pages]


def _draw_table(
    rng: torch.Generator, streams: int, slots: int, lengths: Sequence[int] | None
) -> Tensor:
    table = torch.full((streams, slots), -1)
    for stream in range(streams):
        drawn = int(torch.randint(0, slots + 1, (1,), generator=rng))
        length = drawn if lengths is None else lengths[stream]
        where = torch.randperm(slots, generator=rng)[:length]
        table[stream, where] = torch.randperm(streams * slots + 2, generator=rng)[:length]
    return table


def _make_case(
    seed: int,
    *,
    streams: int = 3,
    slots: int = 4,
    queries: int = 19,
    tokens: int = 13,
    heads: int = 4,
    groups: int = 2,
    key: int = 16,
    value: int = 8,
    lengths: Sequence[int] | None = None,
    partial: bool = True,
    logit: float = 1.0,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Case:
    """``lengths`` pages per stream (random by default) at random places of random table rows."""
    rng = torch.Generator().manual_seed(seed)
    pool = streams * slots + 2

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng)

    query = draw(streams, queries, heads, key) * logit
    keys, values = draw(pool, tokens, groups, key), draw(pool, tokens, groups, value)
    counts = torch.full((pool,), tokens)
    if partial:
        counts = torch.randint(0, tokens + 1, (pool,), generator=rng)
    table = _draw_table(rng, streams, slots, lengths)
    behind = torch.arange(tokens) >= counts[:, None]
    summary = (
        keys.masked_fill(behind[..., None, None], 0).sum(1) / counts.clamp(min=1)[:, None, None]
    )
    keys[behind] = torch.nan
    values[behind] = torch.nan
    keys, values, summary = (x.to(device, dtype) for x in (keys, values, summary))
    pages = Pages(keys, values, counts.to(device), table.to(device), summary)
    return query.to(device, dtype), pages


@pytest.fixture(scope="session")
def make_case() -> Callable[..., Case]:
    """A seed and sizes in, queries and pages out."""
    return _make_case
