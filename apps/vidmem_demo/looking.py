"""What clicks would give, before anything is computed for good."""

from collections.abc import Sequence

import numpy as np

from vidmem import Engine, Frame, Prompt

Asked = tuple[int, int, tuple[Prompt, ...]]


class LookingAhead:
    """Previews of one engine; an answer that is there is not computed again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: dict[int, tuple[Asked, np.ndarray]] = {}

    def __call__(
        self, frame: Frame, seen: int, prompts: Sequence[Prompt], labels: np.ndarray | None
    ) -> np.ndarray | None:
        """Labels of a frame with what its clicks would give.

        Args:
            frame: that was clicked on.
            seen: frames computed so far: with more of them the answer is another.
            prompts: its clicks.
            labels: what is known of it; None for nothing.

        Raises:
            PromptError: the clicks contradict each other.
        """
        if not prompts:
            return labels
        found = np.zeros(frame.size, np.uint8) if labels is None else labels.copy()
        for object_id in dict.fromkeys(prompt.object_id for prompt in prompts):
            found[found == object_id] = 0
            found[self._mask(frame, seen, object_id, prompts)] = object_id
        return found

    def _mask(
        self, frame: Frame, seen: int, object_id: int, prompts: Sequence[Prompt]
    ) -> np.ndarray:
        own = tuple(prompt for prompt in prompts if prompt.object_id == object_id)
        asked = (frame.index, seen, own)
        answer = self._answers.get(object_id)
        if answer is None or answer[0] != asked:
            answer = asked, self._engine.preview(frame, own).mask(object_id)
            self._answers[object_id] = answer
        return answer[1]
