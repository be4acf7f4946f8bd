"""SAM 2.1's memory attention over the shared bank, for objects whose memories differ in length.

The package's weights and arithmetic, but its ``RoPEAttention`` takes no mask: keys are projected
and rotated into a workspace of pages, which :func:`vidmem.attention.attend` reads.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional

from vidmem.attention import attend
from vidmem.heads.sam2_memory import Workspace, gather
from vidmem.types import Features, Pages, Recall, Stream

WORKSPACE_TOKENS = 2**17
"""Most projected tokens at once: 256 MiB. More objects take turns."""
MASS_EVERY = 16
"""Of the queries, one in so many says which pages are read (in the last layer)."""


def condition(
    network: Any,
    features: Features,
    recall: Recall,
    ids: Sequence[int],
    *,
    long_term_codes: bool = False,
) -> tuple[Float[Tensor, "objects 256 h w"], dict[Stream, tuple[float, ...]]]:
    """The frame as each object's memory shows it, and the attention each of its pages received."""
    embedding = features.tensors["embedding"]
    side = embedding.shape[-1]
    start = _before_memory(network, embedding)
    seen, attention = [], {}
    for some in _turns(recall, ids, side * side):
        work = gather(network, recall, some, side=side, long_term_codes=long_term_codes)
        output, mass = _read(network, start, work, side)
        seen.append(output.transpose(1, 2).reshape(len(some), -1, side, side))
        for object_id, slots, row in zip(some, work.slots, mass.tolist(), strict=True):
            received = sorted(zip(slots, row, strict=False))
            attention[Stream("object", object_id)] = tuple(share for _, share in received)
    return torch.cat(seen), attention


def _turns(recall: Recall, ids: Sequence[int], tokens: int) -> Iterator[Sequence[int]]:
    slots = recall.views["object"].pages.table.shape[1] + 1
    together = max(1, WORKSPACE_TOKENS // (slots * tokens))
    for start in range(0, len(ids), together):
        yield ids[start : start + together]


def _before_memory(
    network: Any, embedding: Float[Tensor, "1 256 h w"]
) -> Float[Tensor, "1 places 256"]:
    """Up to where objects begin to differ: the first layer's self-attention is theirs in common."""
    place = network.image_encoder.neck.position_encoding(embedding)
    place = place.flatten(2).transpose(1, 2)
    start = embedding.flatten(2).transpose(1, 2) + 0.1 * place
    result: Tensor = network.memory_attention.layers[0]._forward_sa(start, place)
    return result


def _read(
    network: Any, start: Float[Tensor, "1 places 256"], work: Workspace, side: int
) -> tuple[Float[Tensor, "objects places 256"], Float[Tensor, "objects slots"]]:
    layers = network.memory_attention.layers
    turn = layers[0].self_attn.compute_cis(end_x=side, end_y=side).to(start.device)
    output = start
    for number, layer in enumerate(layers):
        if number:
            output = layer._forward_sa(output, None)
        cross = layer.cross_attn_image
        query = _rotated(cross.q_proj(layer.norm2(output)), turn)
        query = query.expand(len(work.table), -1, -1)
        pages = _project(cross, work, turn)
        # Weights sum to one, so stored tokens are projected to values after reading, not before.
        read = attend(query[:, :, None], pages).values[:, :, 0]
        output = output + cross.out_proj(cross.v_proj(read))
        inner = functional.relu(layer.linear1(layer.norm3(output)))
        output = output + layer.linear2(inner)
    found = attend(query[:, ::MASS_EVERY, None].contiguous(), pages, backend="sdpa", mass="page")
    assert found.mass is not None
    return network.memory_attention.norm(output), found.mass


def _project(attention: Any, work: Workspace, turn: Complex[Tensor, "places half"]) -> Pages:
    """Keys of one layer; pointers have no place, so they are not rotated."""
    keys = attention.k_proj(work.tokens + work.codes)
    for first, last in _runs(work.spatial.tolist()):
        pairs = keys[first:last].unflatten(-1, (-1, 2))
        torch.view_as_complex(pairs).mul_(turn)
    summary = keys.new_zeros(len(keys), 1, keys.shape[-1])  # pages are not ranked
    return Pages(keys[:, :, None], work.tokens[:, :, None], work.counts, work.table, summary)


def _rotated(
    tokens: Float[Tensor, "some places width"], turn: Complex[Tensor, "places half"]
) -> Float[Tensor, "some places width"]:
    """Rotary position encoding in two directions (Heo et al., 2024)."""
    pairs = torch.view_as_complex(tokens.reshape(*tokens.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turn).flatten(2)


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where flags are true, as ranges."""
    first = None
    for at, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = at
        elif not flag and first is not None:
            yield first, at
            first = None
