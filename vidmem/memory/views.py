"""The memory as heads see it: page tables over the pools, and what is known of each page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from vidmem.memory.pages import Pool
from vidmem.memory.policy import Entry
from vidmem.types import Keyframe, MemoryView, Page, Stream

MEMORY_OF_RELEVANCE = 0.9
"""How much of a page's moving mean of attention the next frame leaves."""


def entries_of(stream: Stream, keyframes: Sequence[Keyframe]) -> list[Entry]:
    """All pages of one stream, oldest first."""
    return [Entry(k.card, k.pages[stream]) for k in keyframes if stream in k.pages]


def view_of(
    kind: str, keyframes: Sequence[Keyframe], pool: Pool, *, object_ids: Sequence[int], index: int
) -> MemoryView:
    """One row for every object's stream of this kind, oldest page first, -1 where none."""
    streams = tuple(Stream(kind, object_id) for object_id in object_ids)  # type: ignore[arg-type]
    rows = [entries_of(stream, keyframes) for stream in streams]
    table = torch.full((len(rows), max(map(len, rows), default=0)), -1, dtype=torch.long)
    for row, entries in zip(table, rows, strict=True):
        row[: len(entries)] = torch.tensor([e.page.slot for e in entries], dtype=torch.long)
    return MemoryView(
        streams=streams,
        pages=pool.pages(table),
        ages=tuple(tuple(index - e.card.index for e in entries) for entries in rows),
        tiers=tuple(tuple(e.page.tier for e in entries) for entries in rows),
    )


def credit(
    keyframes: Sequence[Keyframe], attention: Mapping[Stream, Sequence[float]]
) -> tuple[Keyframe, ...]:
    """Add the attention each page just received to its moving mean."""
    received: dict[tuple[int, Stream], float] = {}
    for stream, masses in attention.items():
        for entry, mass in zip(entries_of(stream, keyframes), masses, strict=False):
            received[entry.card.index, stream] = mass
    if not received:
        return tuple(keyframes)
    return tuple(
        replace(
            keyframe,
            pages={
                stream: _credited(page, received.get((keyframe.card.index, stream)))
                for stream, page in keyframe.pages.items()
            },
        )
        for keyframe in keyframes
    )


def moved(
    keyframes: Sequence[Keyframe], places: Mapping[tuple[str, int], int]
) -> tuple[Keyframe, ...]:
    """The same keyframes with every page at its new place."""
    return tuple(
        replace(
            keyframe,
            pages={
                stream: replace(page, slot=places.get((stream.kind, page.slot), page.slot))
                for stream, page in keyframe.pages.items()
            },
        )
        for keyframe in keyframes
    )


def _credited(page: Page, mass: float | None) -> Page:
    if mass is None:
        return page
    relevance = MEMORY_OF_RELEVANCE * page.relevance + (1 - MEMORY_OF_RELEVANCE) * mass
    return replace(page, relevance=relevance, reads=page.reads + 1)
