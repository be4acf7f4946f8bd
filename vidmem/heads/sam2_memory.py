"""Which stored pages SAM 2.1 reads for each object, and how old it is told they are.

The package's own rule: prompted frames all carry one temporal code, the frames before this one
carry the code of their rank, and object pointers carry their age. Long-term pages carry no code
(DAM4SAM: their age says nothing).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vidmem.types import Recall, Stream, Tier

POINTERS = 15
"""Frames over which a pointer's age is measured."""
WIDTH = 64
"""Of a stored token."""


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """The pages of some objects side by side: spatial ones first, then the object's pointers."""

    tokens: Float[Tensor, "pages tokens 64"]
    codes: Float[Tensor, "pages tokens 64"]
    counts: Int[Tensor, " pages"]
    spatial: Bool[Tensor, " pages"]
    table: Int[Tensor, "objects slots"]
    slots: tuple[tuple[int, ...], ...]
    """Per object: the slots of the view behind its spatial pages, in this order."""


def gather(
    network: Any, recall: Recall, ids: Sequence[int], *, side: int, long_term_codes: bool
) -> Workspace:
    """Lay out what ``ids`` remember, as the package orders it.

    Args:
        network: the package's ``SAM2Base``.
        recall: with pages for every one of ``ids``.
        ids: objects.
        side: of a page's grid of tokens.
        long_term_codes: give long-term pages the code of prompted frames.
    """
    objects = [_object_pages(network, recall, i, side, long_term_codes) for i in ids]
    longest = max(len(pages) for pages, _ in objects)
    table = torch.full((len(objects), longest), -1)
    start = 0
    for row, (pages, _) in zip(table, objects, strict=True):
        row[: len(pages)] = torch.arange(start, start + len(pages))
        start += len(pages)
    flat = [page for pages, _ in objects for page in pages]
    device = network.maskmem_tpos_enc.device
    return Workspace(
        tokens=torch.stack([_padded(page.tokens, side * side) for page in flat]).to(device),
        codes=torch.stack([_padded(page.codes, side * side) for page in flat]).to(device),
        counts=torch.tensor([len(page.tokens) for page in flat]),
        spatial=torch.tensor([page.spatial for page in flat]),
        table=table,
        slots=tuple(slots for _, slots in objects),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    tokens: Float[Tensor, "tokens 64"]
    codes: Float[Tensor, "tokens 64"]
    spatial: bool


def _object_pages(
    network: Any, recall: Recall, object_id: int, side: int, long_term_codes: bool
) -> tuple[list[_Page], tuple[int, ...]]:
    pages, slots = _spatial_pages(network, recall, object_id, side, long_term_codes)
    tokens, codes = _pointers(network, recall, object_id)
    chunks = zip(torch.split(tokens, side * side), torch.split(codes, side * side), strict=True)
    return pages + [_Page(*chunk, spatial=False) for chunk in chunks], slots


def _spatial_pages(
    network: Any, recall: Recall, object_id: int, side: int, long_term_codes: bool
) -> tuple[list[_Page], tuple[int, ...]]:
    view = recall.views["object"]
    row = view.streams.index(Stream("object", object_id))
    ages, tiers = view.ages[row], view.tiers[row]
    codes = temporal_codes(ages, tiers, most=len(network.maskmem_tpos_enc))
    order = sorted(range(len(ages)), key=lambda slot: (tiers[slot] is Tier.RECENT, -ages[slot]))
    grid = torch.zeros(1, WIDTH, side, side)
    place = network.memory_encoder.position_encoding(grid)[0].flatten(1).T
    pages = []
    for slot in order:
        code = codes[slot]
        if code is None and long_term_codes:
            code = len(network.maskmem_tpos_enc) - 1
        when = 0 if code is None else network.maskmem_tpos_enc[code, 0].cpu()
        stored = view.pages.keys[view.pages.table[row, slot], :, 0].float()
        pages.append(_Page(stored, place + when, spatial=True))
    return pages, tuple(order)


def temporal_codes(
    ages: Sequence[int], tiers: Sequence[Tier], *, most: int
) -> tuple[int | None, ...]:
    """Which of the ``most`` codes each page carries: the last for prompted frames, none (None)
    for long-term ones, and 0 for the newest, 1 for the one before and so on for recent ones.

    Ranks, not ages: with a page for every frame they are the same, and with a stride the package
    counts strides. A prompted frame takes the rank it would have had.
    """
    counted = [slot for slot, tier in enumerate(tiers) if tier in (Tier.PINNED, Tier.RECENT)]
    newest_first = sorted(counted, key=lambda slot: ages[slot])
    ranks = {slot: min(rank, most - 2) for rank, slot in enumerate(newest_first)}
    return tuple(
        most - 1 if tier is Tier.PINNED else ranks.get(slot) for slot, tier in enumerate(tiers)
    )


def _pointers(
    network: Any, recall: Recall, object_id: int
) -> tuple[Float[Tensor, "tokens 64"], Float[Tensor, "tokens 64"]]:
    view = recall.views["pointer"]
    row = view.streams.index(Stream("pointer", object_id))
    ages, tiers = view.ages[row], view.tiers[row]
    order = sorted(range(len(ages)), key=lambda slot: ages[slot])
    prompted = [slot for slot in reversed(order) if tiers[slot] is Tier.PINNED]
    order = prompted + [slot for slot in order if slot not in prompted]
    tokens = view.pages.keys[view.pages.table[row, order], :, 0]
    when = network.obj_ptr_tpos_proj(_waves([ages[slot] for slot in order], network))
    codes = when.cpu().repeat_interleave(tokens.shape[1], dim=0)
    return tokens.flatten(0, 1), codes


def _waves(ages: Sequence[int], network: Any) -> Float[Tensor, "pointers width"]:
    """Sines and cosines of the age, at wavelengths from one to 10,000 windows (Vaswani, 2017)."""
    half = network.hidden_dim // 2
    device = network.maskmem_tpos_enc.device
    steps = torch.arange(half, dtype=torch.float32, device=device)
    scale = 10_000 ** (2 * (steps // 2) / half)
    angles = (torch.tensor(ages, device=device) / POINTERS)[:, None] / scale
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _padded(tokens: Float[Tensor, "tokens 64"], length: int) -> Float[Tensor, "length 64"]:
    return torch.nn.functional.pad(tokens, (0, 0, 0, length - len(tokens)))
