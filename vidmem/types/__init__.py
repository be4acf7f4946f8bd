"""Values that pass between the stages: frozen, slotted, units in their names.

Two resolutions meet here. *Frame size* is what the source delivers. *Working size* is the smaller
image every stage computes on; the first frame of a video fixes it. Coordinates are pixels, x to
the right and y down.
"""

from vidmem.types.answers import (
    Alternatives,
    Depth,
    Features,
    Masks,
    ObjectState,
    Position,
    Result,
    Skipped,
    Vector,
)
from vidmem.types.inputs import Box, Frame, Intrinsics, Number, Point, Prompt
from vidmem.types.kept import (
    Card,
    Decision,
    Keyframe,
    MemoryView,
    Page,
    Pages,
    PageShape,
    State,
    Stream,
    StreamCard,
    Tier,
    Tokens,
)
from vidmem.types.recall import ObjectMemory, Previous, Recall

__all__ = [
    "Alternatives",
    "Box",
    "Card",
    "Decision",
    "Depth",
    "Features",
    "Frame",
    "Intrinsics",
    "Keyframe",
    "Masks",
    "MemoryView",
    "Number",
    "ObjectMemory",
    "ObjectState",
    "Page",
    "PageShape",
    "Pages",
    "Point",
    "Position",
    "Previous",
    "Prompt",
    "Recall",
    "Result",
    "Skipped",
    "State",
    "Stream",
    "StreamCard",
    "Tier",
    "Tokens",
    "Vector",
]
