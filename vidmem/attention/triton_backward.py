"""Triton kernels that need the final softmax sums: gradients, and the mass of every token.

Each computes the weights again from query and key (Dao et al. 2022, arXiv:2205.14135).
"""

from typing import no_type_check

import triton
import triton.language as tl

from vidmem.attention.triton_forward import dot, find_page, load_rows, load_tokens, row_places

# fmt: off


@triton.jit
@no_type_check
def final_weights(query, key, sums, tokens, count, scale):
    """Softmax weights [rows tokens] of one tile. Rows that read nothing have no weight."""
    logits = dot(query, tl.trans(key)) * scale
    some = sums > float("-inf")
    inside = (tokens < count)[None, :] & some[:, None]
    return tl.exp2(tl.where(inside, logits - tl.where(some, sums, 0.0)[:, None], float("-inf")))


@triton.jit
@no_type_check
def token_mass_kernel(query, keys, counts, table, sums, received, rows, tokens, slots, scale,
                      GROUPS: tl.constexpr, SHARED: tl.constexpr, KEY: tl.constexpr,
                      BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                      EXACT: tl.constexpr):
    """Sum over the rows of a group of each token's weight. Grid: token blocks, streams times slots,
    groups. ``received`` is [groups streams slots tokens]."""
    token = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    entry = tl.program_id(1).to(tl.int64)
    group = tl.program_id(2)
    page, count = find_page(table, counts, entry)
    base = keys + (page * tokens * GROUPS + group) * KEY
    key = load_tokens(base, token, count, GROUPS * KEY, KEY, BLOCK_K, True, EXACT)
    column = tl.zeros([BLOCK_N], tl.float32)
    for first in range(0, tl.where(tl.program_id(0) * BLOCK_N < count, rows, 0), BLOCK_M):
        row = first + tl.arange(0, BLOCK_M)
        place = row_places(row, entry // slots, group, rows, GROUPS, SHARED)
        tile = load_rows(query, place, row < rows, KEY, BLOCK_K, EXACT)
        row_sums = tl.load(sums + place, mask=row < rows, other=float("-inf"))
        column += tl.sum(final_weights(tile, key, row_sums, token, count, scale), 0)
    target = received + (group * tl.num_programs(1) + entry) * tokens + token
    tl.store(target, column, mask=token < tokens)


@triton.jit
@no_type_check
def query_gradient_kernel(query, keys, values, counts, table, sums, overlap, gradient, result,
                          rows, tokens, slots, scale,
                          GROUPS: tl.constexpr, SHARED: tl.constexpr, KEY: tl.constexpr,
                          VALUE: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                          BLOCK_K: tl.constexpr, BLOCK_V: tl.constexpr, EXACT: tl.constexpr):
    """Grid: row blocks, streams times groups. ``overlap`` is the sum of answer times gradient.

    The result lacks the factor ``scale`` ln 2, which the caller multiplies in.
    """
    row = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    stream = (tl.program_id(1) // GROUPS).to(tl.int64)
    group = tl.program_id(1) % GROUPS
    inside = row < rows
    place = row_places(row, stream, group, rows, GROUPS, SHARED)
    tile = load_rows(query, place, inside, KEY, BLOCK_K, EXACT)
    pull = load_rows(gradient, place, inside, VALUE, BLOCK_V, EXACT)
    row_sums = tl.load(sums + place, mask=inside, other=float("-inf"))
    row_overlap = tl.load(overlap + place, mask=inside, other=0.0)
    change = tl.zeros([BLOCK_M, BLOCK_K], tl.float32)
    for slot in range(slots):
        page, count = find_page(table, counts, stream * slots + slot)
        base = page * tokens * GROUPS + group
        for start in range(0, count, BLOCK_N):
            token = start + tl.arange(0, BLOCK_N)
            key = load_tokens(keys + base * KEY, token, count, GROUPS * KEY, KEY, BLOCK_K,
                              True, EXACT)
            value = load_tokens(values + base * VALUE, token, count, GROUPS * VALUE, VALUE,
                                BLOCK_V, True, EXACT)
            weights = final_weights(tile, key, row_sums, token, count, scale)
            wanted = weights * (dot(pull, tl.trans(value)) - row_overlap[:, None])
            change += dot(wanted.to(key.dtype), key)
    column = tl.arange(0, BLOCK_K)
    target = result + place[:, None] * KEY + column[None, :]
    tl.store(target, change, mask=inside[:, None] & (column < KEY)[None, :])


@triton.jit
@no_type_check
def page_gradient_kernel(query, keys, values, counts, table, sums, overlap, gradient,
                         key_result, value_result, rows, tokens, slots, scale,
                         GROUPS: tl.constexpr, SHARED: tl.constexpr, KEY: tl.constexpr,
                         VALUE: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                         BLOCK_K: tl.constexpr, BLOCK_V: tl.constexpr, EXACT: tl.constexpr):
    """Grid: token blocks, streams times slots, groups. Results are pools of float32 zeros, added to
    atomically because a page may be listed more than once. Keys' lack the factor ``scale`` ln 2."""
    start = tl.program_id(0) * BLOCK_N
    token = start + tl.arange(0, BLOCK_N)
    entry = tl.program_id(1).to(tl.int64)
    page, count = find_page(table, counts, entry)
    base = page * tokens * GROUPS + tl.program_id(2)
    key = load_tokens(keys + base * KEY, token, count, GROUPS * KEY, KEY, BLOCK_K, True, EXACT)
    value = load_tokens(values + base * VALUE, token, count, GROUPS * VALUE, VALUE, BLOCK_V,
                        True, EXACT)
    key_change = tl.zeros([BLOCK_N, BLOCK_K], tl.float32)
    value_change = tl.zeros([BLOCK_N, BLOCK_V], tl.float32)
    for first in range(0, tl.where(start < count, rows, 0), BLOCK_M):
        row = first + tl.arange(0, BLOCK_M)
        inside = row < rows
        place = row_places(row, entry // slots, tl.program_id(2), rows, GROUPS, SHARED)
        tile = load_rows(query, place, inside, KEY, BLOCK_K, EXACT)
        pull = load_rows(gradient, place, inside, VALUE, BLOCK_V, EXACT)
        row_sums = tl.load(sums + place, mask=inside, other=float("-inf"))
        row_overlap = tl.load(overlap + place, mask=inside, other=0.0)
        weights = final_weights(tile, key, row_sums, token, count, scale)
        value_change += dot(tl.trans(weights.to(pull.dtype)), pull)
        wanted = weights * (dot(pull, tl.trans(value)) - row_overlap[:, None])
        key_change += dot(tl.trans(wanted.to(tile.dtype)), tile)
    add_tokens(key_result + base * KEY, token, count, key_change, GROUPS * KEY, KEY, BLOCK_K)
    add_tokens(value_result + base * VALUE, token, count, value_change, GROUPS * VALUE, VALUE,
               BLOCK_V)


@triton.jit
@no_type_check
def add_tokens(base, tokens, count, change, stride, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """Add to the valid tokens of one page and group."""
    columns = tl.arange(0, BLOCK)
    inside = (tokens < count)[:, None] & (columns < WIDTH)[None, :]
    pointers = base + tokens[:, None] * stride + columns[None, :]
    tl.atomic_add(pointers, change, mask=inside, sem="relaxed")
