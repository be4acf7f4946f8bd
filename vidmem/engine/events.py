"""What a caller wants to be told when it happens."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from vidmem.types import ObjectState, Result


@dataclass(slots=True)
class Callbacks:
    """Called in the stepping thread after the memory was written, so they may use the engine.

    An exception from one goes to whoever called ``step``.
    """

    on_lost: Callable[[ObjectState, Result], None] | None = None
    """An object that was visible is occluded or lost."""
    on_found: Callable[[ObjectState, Result], None] | None = None
    """An object that was not visible is seen again."""
    on_keyframe: Callable[[Result], None] | None = None
    """Something of this frame was remembered; ``Result.kept`` says what and why."""

    def tell(self, result: Result, *, known: Collection[int], visible: Collection[int]) -> None:
        """Compare with before.

        Args:
            result: of this step.
            known: ids of the objects before it.
            visible: those of them that were visible.
        """
        for state in result.objects:
            if state.object_id not in known:
                continue
            was, now = state.object_id in visible, state.status == "visible"
            if was and not now and self.on_lost:
                self.on_lost(state, result)
            if now and not was and self.on_found:
                self.on_found(state, result)
        if self.on_keyframe and any(decision.action == "admit" for decision in result.kept):
            self.on_keyframe(result)
