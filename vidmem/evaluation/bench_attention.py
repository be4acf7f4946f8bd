"""How fast stored tokens are read: every backend beside what a user would write without it.

Shapes are those of nano, of depth and of SAM 2.1's memory attention. Each is timed in turn, round
by round, and the fastest round counts, so that a busy machine disturbs all alike.
"""

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from vidmem.attention import attend
from vidmem.types import Pages


@dataclass(frozen=True, slots=True)
class Shape:
    """One use of attention over stored tokens."""

    name: str
    streams: int
    queries: int
    heads: int
    pages: int
    tokens: int
    key: int
    value: int


_CPU = (
    Shape("nano as it is", 1, 1620, 1, 13, 384, 12, 1),
    Shape("nano as it is, 4 streams", 4, 1620, 1, 13, 384, 12, 1),
    Shape("nano, one page", 1, 1620, 1, 1, 1620, 32, 2),
    Shape("nano, 13 pages", 1, 1620, 1, 13, 1620, 32, 2),
    Shape("nano, wide values", 1, 1620, 1, 13, 1620, 32, 16),
    Shape("nano, narrow keys", 1, 1620, 1, 13, 1620, 16, 2),
    Shape("nano, wide keys", 1, 1620, 1, 8, 1620, 64, 8),
    Shape("nano, 4 streams", 4, 1620, 1, 8, 1620, 32, 2),
    Shape("depth, small", 1, 405, 4, 16, 405, 32, 32),
    Shape("depth", 1, 1620, 4, 8, 1620, 32, 32),
    Shape("SAM 2.1, 64 wide", 1, 4096, 1, 2, 4096, 256, 64),
    Shape("SAM 2.1, 256 wide", 1, 4096, 1, 2, 4096, 256, 256),
)
_GPU = (
    Shape("nano, 13 pages", 4, 1620, 1, 13, 1620, 32, 16),
    Shape("depth", 1, 1620, 4, 16, 1620, 32, 32),
    *(Shape(f"SAM 2.1, {n} pages", 1, 4096, 1, n, 4096, 256, 256) for n in (8, 64)),
    *(Shape(f"SAM 2.1, 64 wide, {n} pages", 1, 4096, 1, n, 4096, 256, 64) for n in (8, 64)),
    Shape("SAM 2.1, 4 objects", 4, 4096, 1, 8, 4096, 256, 256),
)


def bench_attention(*, device: str, quick: bool) -> dict[str, object]:
    """Milliseconds per call and ratios to gather + SDPA (above 1 is faster), per shape.

    On the CPU in float32 with the caller's threads. On a GPU in bfloat16, with the share of the
    machine's measured matrix product ceiling, and beside FlexAttention and SDPA plus a second pass
    for the mass. ``quick`` times fewer rounds.
    """
    shapes = _GPU if device == "cuda" else _CPU
    rounds = 3 if quick else 10
    with torch.no_grad():
        rows = [_measure(shape, device, rounds) for shape in shapes]
        ceiling = _ceiling_tflops(device, rounds)
    for row in rows:
        row["share_of_ceiling"] = round(float(str(row["tflops"])) / ceiling, 3)
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "ceiling_tflops": round(ceiling, 3),
        "shapes": rows,
    }


def _measure(shape: Shape, device: str, rounds: int) -> dict[str, object]:
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    query, pages = _random(shape, device, dtype)
    ours: Literal["triton", "auto"] = "triton" if device == "cuda" else "auto"
    few = max(1, shape.pages // 8)
    ways: dict[str, Callable[[], object]] = {
        "gather_sdpa": lambda: _gather_sdpa(query, pages),
        "gather_sdpa_padded": lambda: _gather_sdpa(query, pages, pad=True),
        "gather_sdpa_second_pass": lambda: _second_pass(query, pages),
        "sdpa": lambda: attend(query, pages, backend="sdpa"),
        ours: lambda: attend(query, pages, backend=ours),
        f"{ours}_page_mass": lambda: attend(query, pages, backend=ours, mass="page"),
        f"{ours}_top_pages": lambda: attend(query, pages, backend=ours, top_pages=few),
    }
    if device == "cuda":
        ways["flex"] = _flex(query, pages)
    else:
        ways["blocked"] = lambda: attend(query, pages, backend="blocked")
    best = _fastest(ways, rounds, device)
    flops = 2 * shape.streams * shape.queries * shape.heads * shape.pages * shape.tokens
    fair = min(best["gather_sdpa"], best["gather_sdpa_padded"])
    return {
        "shape": shape.name,
        "milliseconds": {name: round(1e3 * seconds, 3) for name, seconds in best.items()},
        "speedup": round(best["gather_sdpa"] / best[ours], 2),
        "speedup_over_padded": round(fair / best[ours], 2),
        "speedup_page_mass": round(best["gather_sdpa_second_pass"] / best[f"{ours}_page_mass"], 2),
        "speedup_top_pages": round(best[ours] / best[f"{ours}_top_pages"], 2),
        "tflops": round(flops * (shape.key + shape.value) / best[ours] / 1e12, 3),
    }


def _random(shape: Shape, device: str, dtype: torch.dtype) -> tuple[Tensor, Pages]:
    """A pool a quarter larger than what is listed; pages lie in it in random order."""
    rng = torch.Generator().manual_seed(0)
    listed = shape.streams * shape.pages
    pool = listed + listed // 4 + 1

    def draw(*sizes: int) -> Tensor:
        return torch.randn(sizes, generator=rng).to(device, dtype)

    keys = draw(pool, shape.tokens, shape.heads, shape.key)
    values = draw(pool, shape.tokens, shape.heads, shape.value)
    table = torch.randperm(pool, generator=rng)[:listed].view(shape.streams, -1).to(device)
    counts = torch.full((pool,), shape.tokens, device=device)
    query = draw(shape.streams, shape.queries, shape.heads, shape.key)
    return query, Pages(keys, values, counts, table, keys.mean(1))


def _gather(query: Tensor, pages: Pages) -> tuple[Tensor, Tensor, Tensor]:
    """[streams heads length width] as torch's attention wants them; every page here is full."""
    keys = pages.keys[pages.table].flatten(1, 2).transpose(1, 2)
    values = pages.values[pages.table].flatten(1, 2).transpose(1, 2)
    return query.transpose(1, 2), keys, values


def _gather_sdpa(query: Tensor, pages: Pages, *, pad: bool = False) -> Tensor:
    """What one would write; ``pad`` widens the values to the keys, which finds a fast path."""
    q, k, v = _gather(query, pages)
    wide = functional.pad(v, (0, k.shape[-1] - v.shape[-1])) if pad else v
    return functional.scaled_dot_product_attention(q, k, wide)[..., : v.shape[-1]]


def _second_pass(query: Tensor, pages: Pages) -> tuple[Tensor, Tensor]:
    """The answer, then the page mass from query and keys once more, 256 queries at a time."""
    q, k, _ = _gather(query, pages)
    total = torch.zeros(k.shape[0], k.shape[2], device=k.device)
    for tile in torch.split(q, 256, dim=2):
        logits = tile @ k.transpose(2, 3) * k.shape[-1] ** -0.5
        total += logits.softmax(-1, dtype=torch.float32).sum((1, 2))
    return _gather_sdpa(query, pages, pad=True), total.view(*pages.table.shape, -1).sum(-1)


def _flex(query: Tensor, pages: Pages) -> Callable[[], object]:
    """FlexAttention compiled for gathered tokens, gather counted."""
    from torch.nn.attention.flex_attention import flex_attention

    compiled = torch.compile(flex_attention)
    return lambda: compiled(*_gather(query, pages))


def _fastest(ways: dict[str, Callable[[], object]], rounds: int, device: str) -> dict[str, float]:
    """Seconds of each way's fastest call. The first call of each warms up and does not count."""
    # One thread's own time does not count what other programs take; several threads have no such.
    alone = device == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(rounds + 1):
        for name, way in ways.items():
            start = clock()
            way()
            if device == "cuda":
                torch.cuda.synchronize()
            if turn:
                best[name] = min(best[name], clock() - start)
    return best


def _ceiling_tflops(device: str, rounds: int) -> float:
    """What a large matrix product reaches here."""
    size = 8192 if device == "cuda" else 1024
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    left = torch.randn(size, size, device=device, dtype=dtype)
    seconds = _fastest({"product": lambda: left @ left}, rounds, device)["product"]
    return 2 * size**3 / seconds / 1e12
