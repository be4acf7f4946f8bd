"""Where strangers plug in: a tracker, a depth network, a source, a sink.

Each is checked by ``vidmem.testing``; an example of each stands in ``examples/``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from vidmem.types import (
    Depth,
    Features,
    Frame,
    Masks,
    PageShape,
    Previous,
    Prompt,
    Recall,
    Result,
    Stream,
    Tokens,
)


@runtime_checkable
class Tracker(Protocol):
    """Features and memory in, masks out. Keeps nothing between calls."""

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """See the frame once, for every head; optical flow to ``previous`` included."""
        ...

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Masks of every object in ``recall.objects`` and every new one in ``prompts``.

        Prompts are already checked and at frame size; ``features`` are at working size.
        """
        ...

    def remember(self, stream: Stream, features: Features, masks: Masks) -> Tokens:
        """What a page of this object in this frame holds."""
        ...

    def page_shapes(self, features: Features) -> dict[str, PageShape]:
        """By kind of stream, for frames like this one."""
        ...


@runtime_checkable
class Previews(Protocol):
    """A tracker that answers faster where nothing is to be kept."""

    def preview(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """As ``segment``, without ``state``."""
        ...


@runtime_checkable
class RemembersTogether(Protocol):
    """A tracker that writes all pages of a frame in one go."""

    def remember_all(
        self, streams: Sequence[Stream], features: Features, masks: Masks
    ) -> Mapping[Stream, Tokens]:
        """What ``remember`` gives for each of ``streams``."""
        ...


@runtime_checkable
class EncodesCoarsely(Protocol):
    """A tracker that can see a frame in less detail when time is short."""

    def encode_coarse(self, frame: Frame, previous: Previous | None) -> Features:
        """As ``encode``, at the same working size, for less time."""
        ...


@runtime_checkable
class DepthBase(Protocol):
    """Features, memory and masks in, depth out. Keeps nothing between calls."""

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """Inverse depth at working size, with its confidence."""
        ...


@runtime_checkable
class CarriesDepth(DepthBase, Protocol):
    """A depth network that can bring the previous depth along when time is short."""

    def carry(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """As ``estimate``, without a new measurement."""
        ...


@runtime_checkable
class BeginsDepth(CarriesDepth, Protocol):
    """A depth network that can work beside the tracker, on another core."""

    def begin(
        self, frame: Frame, recall: Recall, *, carried: bool = False
    ) -> Callable[[Features], Callable[[Masks], Depth]]:
        """What needs neither features nor masks; then what needs no masks; then the rest.

        Together they do what ``estimate`` does, or ``carry``.
        """
        ...


@runtime_checkable
class RemembersScene(DepthBase, Protocol):
    """A depth network that keeps tokens in the scene's pages."""

    def remember_scene(self, depth: Depth) -> Tokens:
        """What the page of a keyframe with this answer of its own holds."""
        ...

    def scene_shape(self, features: Features) -> PageShape:
        """Of the pages, for frames like this one."""
        ...


@runtime_checkable
class Refiner(Protocol):
    """Working-size masks in, sharp masks at frame size out."""

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks with ``labels`` set (and ``logits`` improved where it can)."""
        ...


@runtime_checkable
class Source(Protocol):
    """Frames from somewhere. Closed by the ``with`` statement or ``close``."""

    @property
    def frames_per_second(self) -> float | None:
        """Nominal rate, None where unknown."""
        ...

    @property
    def frame_count(self) -> int | None:
        """How many frames there are, None where nobody knows (live, iterators)."""
        ...

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Let go of files and devices."""
        ...


@runtime_checkable
class Sink(Protocol):
    """Results to somewhere. Nothing under the final name until ``close`` succeeds."""

    def write(self, result: Result) -> None:
        """Take one result, in order."""
        ...

    def close(self) -> None:
        """Finish, and rename to the final name."""
        ...

    def abort(self) -> None:
        """Give up: leave nothing half-written."""
        ...
