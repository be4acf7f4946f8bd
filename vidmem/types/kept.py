"""What is remembered: keyframes, their pages and what a policy may know of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from torch import Tensor

State = Mapping[str, Tensor]
"""What a stage wants back at the next step, by name. Kept, saved and restored by the memory."""


StreamKind = Literal["object", "scene", "pointer"]


class Stream(NamedTuple):
    """Whose tokens a page holds. ``object_id`` is 0 for the scene."""

    kind: StreamKind
    object_id: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "scene" else f"{self.kind}:{self.object_id}"


class Tier(StrEnum):
    """Why a page is kept."""

    PINNED = "pinned"
    RECENT = "recent"
    LONG_TERM = "long-term"
    DISTRACTOR = "distractor"
    PARTNER = "partner"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class StreamCard:
    """What a policy may know of one stream in one frame."""

    presence: float
    """0 to 1: how sure it is that the object can be seen."""
    reliability: float
    """0 to 1: how far its mask can be trusted."""
    area: float
    """Share of the frame."""
    prompted: bool = False
    occluded: bool = False
    topology_changed: bool = False
    ambiguous: bool = False
    """Something beside it could be meant just as well."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a policy may know of one frame: numbers only, no tensors."""

    index: int
    seconds: float
    sharpness: float
    travel_px: float
    """Median image motion, added up since the first frame: parallax to come, in working pixels."""
    scene: int
    """Counts up at every cut."""
    streams: Mapping[Stream, StreamCard]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One stream in one keyframe: where its tokens are, and what the policy knows of it."""

    slot: int
    tier: Tier
    descriptor: tuple[float, ...]
    relevance: float = 0.0
    """Moving mean of the attention it received."""
    reads: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A frame that is remembered."""

    card: Card
    thumbnail: UInt8[np.ndarray, "rows columns 3"]
    """Empty where only pointers are kept."""
    pages: Mapping[Stream, Page]
    state: State
    """What the depth head keeps per keyframe: grey image, inverse depth, variance, pose."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the memory's log."""

    frame: int
    stream: str
    action: Literal["admit", "evict", "skip", "promote"]
    reason: str
    keyframe: int


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The content of one page: at most as many tokens as the pool's pages hold."""

    keys: Float[Tensor, "tokens groups key"]
    values: Float[Tensor, "tokens groups value"]
    descriptor: Float[np.ndarray, " size"]
    """Unit length: how like another page this page is."""


@dataclass(frozen=True, slots=True)
class PageShape:
    """How large the pages of one kind of stream are."""

    tokens: int
    groups: int
    key: int
    value: int
    precision: Literal["float32", "bfloat16"] = "float32"

    @property
    def bytes(self) -> int:
        """Of one page."""
        size = 4 if self.precision == "float32" else 2
        return size * self.tokens * self.groups * (self.key + self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """Stored tokens as :func:`vidmem.attention.attend` reads them: a pool and a page table."""

    keys: Float[Tensor, "pages tokens groups key"]
    values: Float[Tensor, "pages tokens groups value"]
    counts: Int[Tensor, " pages"]
    """Valid tokens in each page; they come first."""
    table: Int[Tensor, "streams slots"]
    """Page numbers per stream, -1 where there is none."""
    summary: Float[Tensor, "pages groups key"]
    """Mean key of each page, by which ``top_pages`` ranks."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryView:
    """The pages of all streams of one kind, as a value. Rows follow ``streams``."""

    streams: tuple[Stream, ...]
    pages: Pages
    ages: tuple[tuple[int, ...], ...]
    """Frames since each page was written, per stream, in the table's order."""
    tiers: tuple[tuple[Tier, ...], ...]
