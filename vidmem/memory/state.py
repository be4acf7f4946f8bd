"""Everything that lasts from one frame to the next, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from vidmem.types import Card, Keyframe, ObjectMemory, Previous, State, Stream, Tokens


@dataclass(frozen=True, slots=True, eq=False)
class MemoryState:
    """Everything that lasts between frames. Immutable: a snapshot is one more reference to it."""

    previous: Previous | None = None
    objects: Mapping[int, ObjectMemory] = field(default_factory=dict)
    keyframes: tuple[Keyframe, ...] = ()

    def slots(self, kind: str) -> list[int]:
        """Pages of one kind it needs."""
        pages = [item for k in self.keyframes for item in k.pages.items()]
        return [page.slot for stream, page in pages if stream.kind == kind and page.slot >= 0]

    @property
    def visible(self) -> tuple[int, ...]:
        """Ids of the objects that the previous frame showed."""
        last = -1 if self.previous is None else self.previous.index
        return tuple(i for i, known in self.objects.items() if known.last_seen == last)

    @property
    def next_index(self) -> int:
        """The frame it is ready for."""
        return 0 if self.previous is None else self.previous.index + 1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one frame leaves to be remembered."""

    card: Card
    previous: Previous
    objects: Mapping[int, ObjectMemory]
    attention: Mapping[Stream, tuple[float, ...]]
    thumbnail: UInt8[np.ndarray, "rows columns 3"]
    keyframe: State
    pages: Mapping[int, Tokens] = field(default_factory=dict)
    """New content of the scene's pages, by keyframe."""
