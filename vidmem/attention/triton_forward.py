"""Triton kernels that read pages where they lie: the answer, and its parts put together.

FlashAttention-2's loop (Dao 2023, arXiv:2307.08691) over a page table (Kwon et al. 2023,
arXiv:2309.06180). A program owns BLOCK_M rows; a row is one query of one head, and the heads that
share a group are neighbours, so that they share every key that is read. Logarithms are base 2.
"""

from typing import no_type_check

import triton
import triton.language as tl

# fmt: off


@triton.jit
@no_type_check
def load_tokens(base, tokens, count, stride,
                WIDTH: tl.constexpr, BLOCK: tl.constexpr, MASKED: tl.constexpr,
                EXACT: tl.constexpr):
    """Tokens of one page and group; zeros from ``count`` on (where MASKED) and beyond WIDTH."""
    columns = tl.arange(0, BLOCK)
    pointers = base + tokens[:, None] * stride + columns[None, :]
    if MASKED:
        inside = (tokens < count)[:, None] & (columns < WIDTH)[None, :]
        tile = tl.load(pointers, mask=inside, other=0.0)
    elif WIDTH != BLOCK:
        tile = tl.load(pointers, mask=(columns < WIDTH)[None, :], other=0.0)
    else:
        tile = tl.load(pointers)
    return tile.to(tl.float32) if EXACT else tile


@triton.jit
@no_type_check
def load_rows(base, places, inside, WIDTH: tl.constexpr, BLOCK: tl.constexpr,
              EXACT: tl.constexpr):
    """Queries, answers or gradients of some rows; ``places`` count [streams queries heads]."""
    columns = tl.arange(0, BLOCK)
    mask = inside[:, None] & (columns < WIDTH)[None, :]
    tile = tl.load(base + places[:, None] * WIDTH + columns[None, :], mask=mask, other=0.0)
    return tile.to(tl.float32) if EXACT else tile


@triton.jit
@no_type_check
def row_places(row, stream, group, rows, GROUPS: tl.constexpr, SHARED: tl.constexpr):
    """Where rows of one group are in [streams queries heads]."""
    head = group * SHARED + row % SHARED
    return stream * rows * GROUPS + row // SHARED * (GROUPS * SHARED) + head


@triton.jit
@no_type_check
def find_page(table, counts, entry):
    """The page number of a table entry and its valid tokens: page 0 with none where it is empty."""
    page = tl.load(table + entry).to(tl.int64)
    some = page >= 0
    page = tl.where(some, page, 0)
    return page, tl.where(some, tl.load(counts + page).to(tl.int32), 0)


@triton.jit
@no_type_check
def dot(left, right):
    """Float32 is multiplied in three tf32 products, which keeps its accuracy."""
    return tl.dot(left, right, input_precision="tf32x3")


@triton.jit
@no_type_check
def log2_sum(greatest, total):
    """Logarithm of ``total * 2 ** greatest``; -inf where nothing was added."""
    some = total > 0
    return tl.where(some, greatest + tl.log2(tl.where(some, total, 1.0)), float("-inf"))


@triton.jit
@no_type_check
def read_block(query, keys, values, start, count, scale, answer, greatest, total, page_total,
               GROUPS: tl.constexpr, KEY: tl.constexpr, VALUE: tl.constexpr,
               BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_V: tl.constexpr,
               MASKED: tl.constexpr, EXACT: tl.constexpr):
    """One step of the online softmax: BLOCK_N tokens of a page."""
    tokens = start + tl.arange(0, BLOCK_N)
    key = load_tokens(keys, tokens, count, GROUPS * KEY, KEY, BLOCK_K, MASKED, EXACT)
    logits = dot(query, tl.trans(key))
    if MASKED:
        logits = tl.where((tokens < count)[None, :], logits, float("-inf"))
    now = tl.maximum(greatest, tl.max(logits, 1) * scale)
    weights = tl.exp2(logits * scale - now[:, None])
    fade = tl.exp2(greatest - now)
    added = tl.sum(weights, 1)
    value = load_tokens(values, tokens, count, GROUPS * VALUE, VALUE, BLOCK_V, MASKED, EXACT)
    answer = answer * fade[:, None] + dot(weights.to(value.dtype), value)
    return answer, now, total * fade + added, page_total * fade + added


@triton.jit
@no_type_check
def forward_kernel(query, keys, values, counts, table, answers, sums, page_sums,
                   streams, rows, tokens, slots, span, scale,
                   GROUPS: tl.constexpr, SHARED: tl.constexpr, KEY: tl.constexpr,
                   VALUE: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                   BLOCK_K: tl.constexpr, BLOCK_V: tl.constexpr, PAGE_MASS: tl.constexpr,
                   EXACT: tl.constexpr):
    """Grid: row blocks, streams times groups, parts of the page table of ``span`` slots each.

    ``sums`` are logarithms of the softmax sums of a part, ``page_sums`` those of a page: the page
    received ``2 ** (page sum - sum)`` of the row's attention. ``scale`` contains 1 / ln 2.
    """
    row = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    stream = (tl.program_id(1) // GROUPS).to(tl.int64)
    group = tl.program_id(1) % GROUPS
    part = tl.program_id(2)
    inside = row < rows
    place = row_places(row, stream, group, rows, GROUPS, SHARED)
    tile = load_rows(query, place, inside, KEY, BLOCK_K, EXACT)
    answer = tl.zeros([BLOCK_M, BLOCK_V], tl.float32)
    greatest = tl.full([BLOCK_M], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    for slot in range(part * span, tl.minimum(part * span + span, slots)):
        page, count = find_page(table, counts, stream * slots + slot)
        page_keys = keys + (page * tokens * GROUPS + group) * KEY
        page_values = values + (page * tokens * GROUPS + group) * VALUE
        page_total = tl.zeros([BLOCK_M], tl.float32)
        full = count // BLOCK_N * BLOCK_N
        for start in range(0, full, BLOCK_N):
            answer, greatest, total, page_total = read_block(
                tile, page_keys, page_values, start, count, scale, answer, greatest, total,
                page_total, GROUPS, KEY, VALUE, BLOCK_N, BLOCK_K, BLOCK_V, False, EXACT)
        for start in tl.range(full, count, BLOCK_N, num_stages=1):  # the rest: at most one block
            answer, greatest, total, page_total = read_block(
                tile, page_keys, page_values, start, count, scale, answer, greatest, total,
                page_total, GROUPS, KEY, VALUE, BLOCK_N, BLOCK_K, BLOCK_V, True, EXACT)
        if PAGE_MASS:
            first = (stream * (slots - 1) + slot) * rows * GROUPS  # place counts the stream too
            tl.store(page_sums + first + place, log2_sum(greatest, page_total), mask=inside)
    part_place = part.to(tl.int64) * streams * rows * GROUPS + place
    store_answer(answers, sums, part_place, inside, answer, greatest, total, VALUE, BLOCK_V)


@triton.jit
@no_type_check
def store_answer(answers, sums, place, inside, answer, greatest, total,
                 VALUE: tl.constexpr, BLOCK_V: tl.constexpr):
    """Divide by the softmax sum; rows that read nothing are zero and their sum's logarithm -inf."""
    answer = answer / tl.where(total > 0, total, 1.0)[:, None]
    tl.store(sums + place, log2_sum(greatest, total), mask=inside)
    column = tl.arange(0, BLOCK_V)
    target = answers + place[:, None] * VALUE + column[None, :]
    mask = inside[:, None] & (column < VALUE)[None, :]
    tl.store(target, answer.to(answers.dtype.element_ty), mask=mask)


@triton.jit
@no_type_check
def combine_kernel(parts, part_sums, answers, sums, rows, PARTS: tl.constexpr,
                   VALUE: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_V: tl.constexpr):
    """Answers of parts of the page table, weighed by their softmax sums. Grid: row blocks."""
    row = tl.program_id(0).to(tl.int64) * BLOCK_M + tl.arange(0, BLOCK_M)
    inside = row < rows
    answer = tl.zeros([BLOCK_M, BLOCK_V], tl.float32)
    greatest = tl.full([BLOCK_M], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    for part in range(PARTS):
        part_sum = tl.load(part_sums + part * rows + row, mask=inside, other=float("-inf"))
        now = tl.maximum(greatest, part_sum)
        safe = tl.where(now > float("-inf"), now, 0.0)
        fade, weight = tl.exp2(greatest - safe), tl.exp2(part_sum - safe)
        found = load_rows(parts, part * rows + row, inside, VALUE, BLOCK_V, True)
        answer = answer * fade[:, None] + weight[:, None] * found
        greatest, total = now, total * fade + weight
    store_answer(answers, sums, row, inside, answer, greatest, total, VALUE, BLOCK_V)
