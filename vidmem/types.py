"""Values that pass between the stages: frozen, slotted, units in their names.

Two resolutions meet here. *Frame size* is what the source delivers. *Working size* is the smaller
image every stage computes on; the first frame of a video fixes it. Coordinates are pixels, x to
the right and y down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8
from torch import Tensor

Number = float | int
Point = tuple[Number, Number, int]
"""x, y in frame pixels and a label: 1 belongs to the object, 0 does not."""
Box = tuple[Number, Number, Number, Number]
"""left, top, right, bottom in frame pixels; right and bottom are outside."""
State = Mapping[str, Tensor]
"""What a stage wants back at the next step, by name. Kept, saved and restored by the memory."""


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera, in pixels of the image it belongs to."""

    fx: float
    fy: float
    cx: float
    cy: float
    assumed: bool = False
    """True where nobody measured it: taken from an assumed field of view."""

    def scaled(self, x: float, y: float) -> "Intrinsics":
        """The same camera after the image was resized by ``x`` and ``y``."""
        return Intrinsics(self.fx * x, self.fy * y, self.cx * x, self.cy * y, self.assumed)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video: RGB 0-255, its position from 0 and its presentation time.

    ``intrinsics`` are at frame size; ``camera_to_world`` is a rigid pose in metres.
    """

    image: UInt8[np.ndarray, "height width 3"]
    index: int
    seconds: float
    intrinsics: Intrinsics | None = None
    camera_to_world: Float[np.ndarray, "4 4"] | None = None
    gap_seconds: float = 0.0
    """Without pictures before this one, where a live source was interrupted."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What a person says about one object in one frame: a box, points, a mask, or box and points.

    Checked against the frame by :func:`vidmem.prompts.check_prompts` when it is used.
    """

    object_id: int
    box: Box | None = None
    points: tuple[Point, ...] = ()
    mask: Bool[np.ndarray, "height width"] | None = None


class Stream(NamedTuple):
    """Whose tokens a page holds. ``object_id`` is 0 for the scene."""

    kind: Literal["object", "scene", "pointer"]
    object_id: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "scene" else f"{self.kind}:{self.object_id}"


class Tier(StrEnum):
    """Why a page is kept."""

    PINNED = "pinned"
    RECENT = "recent"
    LONG_TERM = "long-term"
    PARTNER = "partner"
    PLACE = "place"


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """One frame as every head reads it, at working size. Arrays are never written to."""

    image: UInt8[np.ndarray, "height width 3"]
    grey: UInt8[np.ndarray, "height width"]
    flow: Float32[np.ndarray, "height width 2"] | None
    """Where each pixel was in the previous frame: x offset, y offset. None on the first frame."""
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    """What the family's own encoder adds, by name."""


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

    @property
    def bytes(self) -> int:
        """Of one page, float32."""
        return 4 * self.tokens * self.groups * (self.key + self.value)


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
    pages: Mapping[Stream, Page]
    state: State
    """What the depth head keeps per keyframe: grey image, inverse depth, variance, pose."""


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


@dataclass(frozen=True, slots=True, eq=False)
class ObjectMemory:
    """What is known of one object between frames."""

    object_id: int
    name: str
    first_index: int
    last_seen: int
    last_seen_seconds: float
    presence: float
    areas: tuple[float, ...]
    """Share of the frame in its last ten confident frames."""
    state: State
    """The tracker's own: appearance statistics, motion."""


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Where the objects are. Row i of every field belongs to ``ids[i]``; objects never overlap."""

    ids: tuple[int, ...]
    logits: Float[Tensor, "objects rows columns"]
    """At working size; positive inside. Strongly negative everywhere for an absent object."""
    presence: tuple[float, ...]
    reliability: tuple[float, ...]
    occluded: tuple[bool, ...]
    state: Mapping[int, State]
    attention: Mapping[Stream, tuple[float, ...]] = field(default_factory=dict)
    """Attention mass each page received, in the order of the stream's table."""
    labels: UInt8[np.ndarray, "height width"] | None = None
    """At frame size: the object's id, 0 for background. Set by the refiner."""
    topology_changed: tuple[bool, ...] = ()

    def mask(self, object_id: int) -> Bool[np.ndarray, "height width"]:
        """One object at frame size."""
        assert self.labels is not None
        return self.labels == object_id


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """How near things are, at working size."""

    inverse: Float32[np.ndarray, "rows columns"]
    """1/metres where ``metric``, else 1/(an unknown unit that stays the same within ``scene``)."""
    confidence: Float32[np.ndarray, "rows columns"]
    """0 to 1."""
    metric: bool
    intrinsics: Intrinsics
    """At working size."""
    scene: int
    """Counts up at every cut: a new scene has a new unit."""
    state: State = field(default_factory=dict)
    keyframe: State = field(default_factory=dict)
    """What a keyframe made from this frame should carry."""
    travel_px: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Previous:
    """The step before: what flow, masks and depth are carried from.

    Without what can be computed again: ``features`` has no flow and no tensors, ``masks`` no labels
    and no state.
    """

    index: int
    seconds: float
    features: Features
    masks: Masks
    depth: Depth | None


@dataclass(frozen=True, slots=True, eq=False)
class Recall:
    """Everything the memory knows, for one step. Values only: reading it changes nothing."""

    index: int
    previous: Previous | None
    objects: Mapping[int, ObjectMemory]
    views: Mapping[str, MemoryView]
    """By kind of stream; a kind without pages is absent."""
    keyframes: tuple[Keyframe, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the memory's log."""

    frame: int
    stream: str
    action: Literal["admit", "evict", "skip", "promote"]
    reason: str
    keyframe: int


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object in one result."""

    object_id: int
    name: str
    status: Literal["visible", "occluded", "lost"]
    presence: float
    box: Box | None
    area_px: int
    unseen_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The answer for one frame."""

    frame: Frame
    masks: Masks
    depth: Depth | None
    objects: tuple[ObjectState, ...]
    kept: tuple[Decision, ...]
    milliseconds: Mapping[str, float]
    memory_bytes: int
