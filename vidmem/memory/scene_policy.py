"""Which frames the scene stream keeps, from numbers only."""

from collections.abc import Sequence

from vidmem.types import Card

STEP_PX = 4.0
"""Least image motion between neighbouring keyframes."""


def admit_scene(card: Card, kept: Sequence[Card]) -> str | None:
    """Why this frame becomes a scene keyframe, or None."""
    if not kept or kept[-1].scene != card.scene:
        return "new scene"
    travelled = card.travel_px - kept[-1].travel_px
    return f"{travelled:.1f} px of travel" if travelled >= STEP_PX else None


def evict_scene(kept: Sequence[Card], limit: int) -> int:
    """The frame to forget: the one most overlapped by its neighbours, seen from the newest."""
    newest = kept[-1].travel_px

    def spread(i: int) -> float:
        gap = kept[i + 1].travel_px - kept[i - 1].travel_px
        return gap / (1.0 + newest - kept[i].travel_px)

    return kept[min(range(1, len(kept) - 1), key=spread)].index
