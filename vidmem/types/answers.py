"""What goes out, and the features it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from vidmem.types.inputs import Box, Frame, Intrinsics
from vidmem.types.kept import Decision, State, Stream, Tokens


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
class Alternatives:
    """The masks one decoder offered for one object, and what it thinks of each."""

    logits: Float[Tensor, "masks rows columns"]
    predicted_ious: tuple[float, ...]


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
    ambiguous: tuple[bool, ...] = ()
    """Whether another candidate of the same frame lies on something else."""
    prompted: tuple[bool, ...] = ()
    """Whether a person said in this frame where the object is. Set by the engine's models."""
    object_scores: tuple[float, ...] = ()
    """SAM 2's own: positive where it believes the object can be seen."""
    predicted_ious: tuple[float, ...] = ()
    """SAM 2's own estimate for the mask that was chosen, 0 to 1."""
    alternatives: Mapping[int, Alternatives] = field(default_factory=dict)
    """By object: every mask the decoder offered for it. Not carried to the next frame."""
    cues: Mapping[int, State] = field(default_factory=dict)
    """By object: what spoke for it, for a refiner that weighs it again; empty in a result."""

    def mask(self, object_id: int) -> Bool[np.ndarray, "height width"]:
        """One object at frame size."""
        assert self.labels is not None
        found: Bool[np.ndarray, "height width"] = self.labels == object_id
        return found


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
    pages: Mapping[int, Tokens] = field(default_factory=dict)
    """New content of the scene's pages, by keyframe. Not carried to the next frame."""
    travel_px: float = 0.0


Skipped = Literal["refine", "depth", "pages", "detail"]
"""What a deadline left out: sharp edges, a new measurement of depth, most stored pages, detail."""
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Position:
    """The visible side of one object in space, in metres.

    Camera frame: x to the right, y down, z forward. World frame: that of
    ``Frame.camera_to_world``, None without poses.
    """

    centroid_m: Vector
    extent_m: Vector
    """Along the camera's axes."""
    velocity_m_per_second: Vector | None
    """In the camera's axes: over ground where poses are given, else relative to the camera. None
    until it was seen long enough."""
    world_centroid_m: Vector | None
    world_velocity_m_per_second: Vector | None


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
    position: Position | None = None
    """None where the object cannot be seen or depth is not in metres."""


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
    skipped: tuple[Skipped, ...] = ()
    """What ``runtime.deadline_ms`` left out of this frame."""
    late_ms: float = 0.0
    """Over ``runtime.deadline_ms``."""
