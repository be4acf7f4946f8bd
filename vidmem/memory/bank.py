"""The one piece of state: keyframes, pages, objects and the previous step, within one budget."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from vidmem.config import MemoryConfig
from vidmem.errors import ObjectError
from vidmem.memory.pages import Pool
from vidmem.memory.rooms import make_pools, pages_per_object
from vidmem.memory.state import MemoryState, Step
from vidmem.memory.tree import tree_bytes
from vidmem.memory.views import credit, moved, view_of
from vidmem.memory.writing import Writer
from vidmem.types import Decision, Keyframe, ObjectMemory, PageShape, Recall, Stream, Tokens

LOG_LENGTH = 1000


class Memory:
    """Bounded keyframe memory shared by masks and depth.

    ``read`` gives a :class:`Recall`, ``write`` takes a :class:`Step`; both deal in values. Pools
    are made by ``open`` from the byte budget and never grow.
    """

    def __init__(self, config: MemoryConfig) -> None:
        self.config = config
        self.log: deque[Decision] = deque(maxlen=LOG_LENGTH)
        self._state = MemoryState()
        self._pools: dict[str, Pool] = {}
        self._snapshots: deque[MemoryState] = deque()
        self._counted: tuple[MemoryState, ...] = ()
        self._counted_bytes = 0

    @property
    def is_open(self) -> bool:
        """Whether the pools have been made."""
        return bool(self._pools)

    @property
    def state(self) -> MemoryState:
        """Everything that lasts, but for the content of pages."""
        return self._state

    @property
    def shapes(self) -> Mapping[str, PageShape]:
        """Of the pages, by kind of stream."""
        return {kind: pool.shape for kind, pool in self._pools.items()}

    def read_page(self, kind: str, slot: int) -> tuple[Tensor, Tensor]:
        """Keys and values of one page."""
        return self._pools[kind].read(slot)

    def adopt(
        self,
        state: MemoryState,
        shapes: Mapping[str, PageShape],
        pages: Mapping[tuple[str, int], Tokens],
        log: Iterable[Decision],
    ) -> None:
        """Take over a saved state; only an empty memory does. Pages get new places.

        Raises:
            ObjectError: the budget is smaller than the one it was saved under.
        """
        self.open(shapes)
        places = {key: self._pools[key[0]].take(tokens) for key, tokens in pages.items()}
        self._state = replace(state, keyframes=moved(state.keyframes, places))
        self.log.extend(log)

    @property
    def objects(self) -> Mapping[int, ObjectMemory]:
        """What is known of each object."""
        return self._state.objects

    @property
    def keyframes(self) -> tuple[Keyframe, ...]:
        """What is remembered, oldest first."""
        return self._state.keyframes

    @property
    def bytes(self) -> int:
        """Everything held: pools, keyframes, statistics, the previous step and snapshots."""
        pools = sum(pool.bytes for pool in self._pools.values())
        held = (self._state, *self._snapshots)
        if [*map(id, held)] != [*map(id, self._counted)]:  # counting walks all of it
            self._counted, self._counted_bytes = held, tree_bytes(held)
        return pools + self._counted_bytes

    def open(self, shapes: Mapping[str, PageShape]) -> None:
        """Make the pools. Done once, at a video's first frame.

        Raises:
            ConfigError: the budget cannot hold the pages of one object.
        """
        self._pools = make_pools(shapes, self.config)

    def read(self, index: int) -> Recall:
        """Everything known, for the step at ``index``. Changes nothing."""
        state = self._state
        views = {
            kind: view_of(kind, state.keyframes, pool, object_ids=_ids(kind, state), index=index)
            for kind, pool in self._pools.items()
            if state.slots(kind)
        }
        return Recall(index, state.previous, state.objects, views, state.keyframes)

    def check_room(self, new_ids: Iterable[int]) -> None:
        """Refuse objects that would find no room.

        Raises:
            ObjectError: with these there would be more objects than the budget allows.
        """
        wanted = len(set(self._state.objects) | set(new_ids))
        pages = min(
            (
                pool.capacity // pages_per_object(self.config, kind)
                for kind, pool in self._pools.items()
                if kind != "scene"
            ),
            default=self.config.objects,
        )
        room = min(self.config.objects, pages)
        if wanted > room:
            raise ObjectError(
                f"{wanted} objects do not fit: there is room for {room}.",
                remedy="Remove an object, or raise --memory.objects and --memory.budget-mb.",
            )

    def write(
        self, step: Step, build: Callable[[Sequence[Stream]], Mapping[Stream, Tokens]]
    ) -> tuple[Decision, ...]:
        """Remember a step: its tokens are built only for the streams the policy admits, at once.

        Returns:
            What was admitted, refused, promoted and evicted, and why.
        """
        writer = Writer(
            credit(self._state.keyframes, step.attention), self._pools, self.config, self._make_room
        )
        keyframes, decisions = writer.write(
            step.card,
            {i: o.areas for i, o in step.objects.items()},
            build,
            thumbnail=step.thumbnail,
            keyframe_state=step.keyframe,
            scene_pages=step.pages,
        )
        self._state = MemoryState(step.previous, step.objects, keyframes)
        self.log.extend(decisions)
        while self._snapshots and self.bytes > self.config.budget_mb * 2**20:
            self._drop_snapshot()
        return decisions

    def remove(self, object_id: int) -> None:
        """Forget an object: its pages, statistics and history.

        Raises:
            ObjectError: there is no such object.
        """
        self._must_know(object_id)
        kept = []
        for keyframe in self._state.keyframes:
            pages = dict(keyframe.pages)
            for stream in [s for s in pages if s.object_id == object_id]:
                self._pools[stream.kind].release([pages.pop(stream).slot])
            if pages:
                kept.append(replace(keyframe, pages=pages))
        objects = {i: o for i, o in self._state.objects.items() if i != object_id}
        self._state = replace(self._state, objects=objects, keyframes=tuple(kept))

    def rename(self, object_id: int, name: str) -> None:
        """Give an object a name.

        Raises:
            ObjectError: there is no such object.
        """
        self._must_know(object_id)
        renamed = replace(self._state.objects[object_id], name=name)
        self._state = replace(self._state, objects={**self._state.objects, object_id: renamed})

    def snapshot(self) -> None:
        """Hold on to the memory as it is now; the oldest snapshot goes when there are too many."""
        while len(self._snapshots) >= self.config.snapshots:
            self._drop_snapshot()
        for kind, pool in self._pools.items():
            pool.hold(self._state.slots(kind))
        self._snapshots.append(self._state)

    def restore(self, index: int) -> int:
        """Go back to the newest snapshot taken before frame ``index``; later ones are forgotten.

        Returns:
            The first frame to compute again.

        Raises:
            ObjectError: nothing so old is kept.
        """
        if not self._snapshots or self._snapshots[0].next_index > index:
            raise ObjectError(
                f"Nothing is kept from before frame {index}.",
                remedy="Correct a later frame, or raise --memory.snapshots and --memory.budget-mb.",
            )
        while self._snapshots[-1].next_index > index:
            self._release(self._snapshots.pop())
        self._release(self._state)
        self._state = self._snapshots[-1]
        for kind, pool in self._pools.items():
            pool.hold(self._state.slots(kind))
        return self._state.next_index

    def _must_know(self, object_id: int) -> None:
        if object_id not in self._state.objects:
            known = ", ".join(map(str, self._state.objects)) or "none"
            raise ObjectError(
                f"There is no object {object_id}; the objects are: {known}.",
                remedy="Add it with a prompt first.",
            )

    def _make_room(self, kind: str) -> None:
        while self._snapshots and not self._pools[kind].free:
            self._drop_snapshot()

    def _drop_snapshot(self) -> None:
        self._release(self._snapshots.popleft())

    def _release(self, state: MemoryState) -> None:
        for kind, pool in self._pools.items():
            pool.release(state.slots(kind))


def _ids(kind: str, state: MemoryState) -> tuple[int, ...]:
    return (0,) if kind == "scene" else tuple(state.objects)
