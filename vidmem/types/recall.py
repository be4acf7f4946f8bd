"""What lasts from one step to the next, as heads see it."""

from collections.abc import Mapping
from dataclasses import dataclass

from vidmem.types.answers import Depth, Features, Masks
from vidmem.types.kept import Keyframe, MemoryView, State


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
    path: tuple[tuple[float, float, float, float], ...] = ()
    """Where it was lately: seconds, x, y, z in metres."""
    path_in_world: bool = False
    """In the world frame, not the camera's."""


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
    step: int = 0
    """How many steps came before it; indices may leave frames out."""


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

    @property
    def step(self) -> int:
        """How many steps there were: what is done at every so many of them goes by this."""
        return 0 if self.previous is None else self.previous.step + 1
