"""Paged attention as ``torch.library`` operators: launches, shapes for tracing, gradients.

Importing this needs Triton. On the CPU the kernels run in its interpreter, where
``TRITON_INTERPRET=1`` was set before the import.
"""

import math

import torch
import triton
from jaxtyping import Float
from torch import Tensor

from vidmem.attention.reference import Mass
from vidmem.attention.tiles import (
    Machine,
    Tile,
    backward_tile,
    block_width,
    forward_tile,
    machine,
    page_parts,
)
from vidmem.attention.triton_backward import (
    page_gradient_kernel,
    query_gradient_kernel,
    token_mass_kernel,
)
from vidmem.attention.triton_forward import combine_kernel, forward_kernel
from vidmem.types import Pages

_COMBINED_ROWS = 16
"""Rows one program puts together."""


def attend_triton(
    query: Float[Tensor, "streams queries heads key"],
    pages: Pages,
    *,
    scale: float,
    mass: Mass | None = None,
) -> tuple[Float[Tensor, "streams queries heads value"], Tensor | None]:
    """Reads pages where they lie, every stream in one launch; never waits for the GPU.

    Pools that are not contiguous are copied. Float32 is as exact as torch's, at the cost of three
    tensor-core products for one.
    """
    stored = (pages.keys, pages.values, pages.counts, pages.table)
    answer, sums, page_sums = paged_attention(query, *stored, scale, mass == "page")
    if mass is None:
        return answer, None
    if mass == "token":
        plain = (query.detach(), pages.keys.detach(), pages.counts, pages.table)
        return answer, paged_token_mass(*plain, sums.detach(), scale)
    share = (page_sums.detach() - sums.detach()[:, None]).exp2()
    # An empty stream: both logarithms are -inf.
    return answer, share.nan_to_num(0.0).mean((2, 3))


@torch.library.custom_op("vidmem::paged_attention", mutates_args=())
def paged_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    counts: Tensor,
    table: Tensor,
    scale: float,
    page_mass: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Answer [streams queries heads value], logarithms to base 2 of the softmax sums [streams
    queries heads], and of each page's [streams slots queries heads] (no slots without
    ``page_mass``)."""
    answer, sums, page_sums = _empty_results(query, values, table, page_mass)
    streams, slots = table.shape
    sizes = _sizes(query, values)
    groups, shared, value = sizes["GROUPS"], sizes["SHARED"], sizes["VALUE"]
    rows, at = query.shape[1] * shared, machine(query.device)
    if not sums.numel() or not slots:
        return answer.zero_(), sums.fill_(-math.inf), page_sums
    tile = forward_tile(sizes["KEY"], value, query.element_size(), at)
    programs = triton.cdiv(rows, tile.rows) * streams * groups
    span = triton.cdiv(slots, page_parts(programs, slots, at))
    parts = triton.cdiv(slots, span)
    part_answer, part_sums = answer, sums
    if parts > 1:
        part_answer = answer.new_empty(parts, *answer.shape, dtype=torch.float32)
        part_sums = sums.new_empty(parts, *sums.shape)
    forward_kernel[(triton.cdiv(rows, tile.rows), streams * groups, parts)](
        *(tensor.contiguous() for tensor in (query, keys, values, counts, table)),
        *(part_answer, part_sums, page_sums, streams, rows, keys.shape[1], slots, span),
        *(scale / math.log(2), *sizes.values(), tile.rows, tile.tokens),
        *(block_width(sizes["KEY"]), block_width(value), page_mass, _exact(query, at)),
        **_options(tile),
    )
    if parts > 1:
        combine_kernel[(triton.cdiv(sums.numel(), _COMBINED_ROWS),)](
            *(part_answer, part_sums, answer, sums, sums.numel(), parts, value),
            *(_COMBINED_ROWS, block_width(value)),
            enable_fp_fusion=True,
        )
    return answer, sums, page_sums


@torch.library.custom_op("vidmem::paged_token_mass", mutates_args=())
def paged_token_mass(
    query: Tensor, keys: Tensor, counts: Tensor, table: Tensor, sums: Tensor, scale: float
) -> Tensor:
    """Mean over queries and heads of every token's weight: [streams slots tokens]."""
    sizes = _sizes(query, keys)
    del sizes["VALUE"]
    (streams, slots), tokens, at = table.shape, keys.shape[1], machine(query.device)
    rows, groups = query.shape[1] * sizes["SHARED"], sizes["GROUPS"]
    received = sums.new_empty(groups, streams, slots, tokens)
    if not received.numel():
        return received.sum(0)
    tile = forward_tile(sizes["KEY"], sizes["KEY"], query.element_size(), at)
    token_mass_kernel[(triton.cdiv(tokens, tile.tokens), streams * slots, groups)](
        *(tensor.contiguous() for tensor in (query, keys, counts, table, sums)),
        *(received, rows, tokens, slots, scale / math.log(2), *sizes.values()),
        *(tile.rows, tile.tokens, block_width(sizes["KEY"]), _exact(query, at)),
        **_options(tile),
    )
    return received.sum(0) / (rows * groups)


@torch.library.custom_op("vidmem::paged_attention_backward", mutates_args=())
def paged_attention_backward(
    gradient: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    counts: Tensor,
    table: Tensor,
    answer: Tensor,
    sums: Tensor,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of query, keys and values; those of the pools are added up in float32."""
    changes = [torch.zeros_like(x, dtype=torch.float32) for x in (query, keys, values)]
    if sums.numel() and keys.numel() and table.numel():
        overlap = (answer.float() * gradient.float()).sum(-1)
        stored = [query, keys, values, counts, table, sums, overlap, gradient.to(query.dtype)]
        _launch_backward([tensor.contiguous() for tensor in stored], changes, scale)
    changes[0] *= scale
    changes[1] *= scale
    return changes[0].to(query.dtype), changes[1].to(keys.dtype), changes[2].to(values.dtype)


def _launch_backward(stored: list[Tensor], changes: list[Tensor], scale: float) -> None:
    query, keys, values, table = stored[0], stored[1], stored[2], stored[4]
    sizes, at, tokens = _sizes(query, values), machine(query.device), keys.shape[1]
    (streams, slots), groups = table.shape, sizes["GROUPS"]
    rows = query.shape[1] * sizes["SHARED"]
    tile = backward_tile(sizes["KEY"], sizes["VALUE"], query.element_size(), at)
    numbers = (rows, tokens, slots, scale / math.log(2), *sizes.values(), tile.rows, tile.tokens)
    blocks = (block_width(sizes["KEY"]), block_width(sizes["VALUE"]), _exact(query, at))
    options = _options(tile)
    query_gradient_kernel[(triton.cdiv(rows, tile.rows), streams * groups)](
        *stored, changes[0], *numbers, *blocks, **options
    )
    page_gradient_kernel[(triton.cdiv(tokens, tile.tokens), streams * slots, groups)](
        *stored, changes[1], changes[2], *numbers, *blocks, **options
    )


def _empty_results(
    query: Tensor, values: Tensor, table: Tensor, page_mass: bool
) -> tuple[Tensor, Tensor, Tensor]:
    rows = query.shape[:3]
    slots = table.shape[1] if page_mass else 0
    answer = query.new_empty(*rows, values.shape[3])
    sums = query.new_empty(rows, dtype=torch.float32)
    return answer, sums, sums.new_empty(rows[0], slots, *rows[1:])


def _sizes(query: Tensor, values: Tensor) -> dict[str, int]:
    """What a kernel is compiled for, in the order of its arguments."""
    groups = values.shape[2]
    shared = query.shape[2] // groups
    return {"GROUPS": groups, "SHARED": shared, "KEY": query.shape[3], "VALUE": values.shape[3]}


def _options(tile: Tile) -> dict[str, int | bool]:
    """Products and sums are fused: named because a later Triton will not do so by itself."""
    return {"num_warps": tile.warps, "num_stages": tile.stages, "enable_fp_fusion": True}


def _exact(query: Tensor, at: Machine) -> bool:
    """Multiply in float32: the interpreter's bfloat16 product is wrong."""
    return at.interpreted or query.dtype == torch.float32


@paged_attention.register_fake
def _paged_attention_shapes(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    counts: Tensor,
    table: Tensor,
    scale: float,
    page_mass: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    return _empty_results(query, values, table, page_mass)


@paged_token_mass.register_fake
def _token_mass_shapes(
    query: Tensor, keys: Tensor, counts: Tensor, table: Tensor, sums: Tensor, scale: float
) -> Tensor:
    return sums.new_empty(*table.shape, keys.shape[1])


@paged_attention_backward.register_fake
def _backward_shapes(
    gradient: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    counts: Tensor,
    table: Tensor,
    answer: Tensor,
    sums: Tensor,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(query), torch.empty_like(keys), torch.empty_like(values)


def _keep(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]
    *stored, ctx.scale, _ = inputs
    ctx.save_for_backward(*stored, output[0], output[1])


def _backward(ctx, gradient, _sums, _page_sums):  # type: ignore[no-untyped-def]
    changes = paged_attention_backward(gradient, *ctx.saved_tensors, ctx.scale)
    return *changes, None, None, None, None


paged_attention.register_autograd(_backward, setup_context=_keep)
