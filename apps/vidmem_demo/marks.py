"""What a person clicked, per frame, and the prompts it means."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from vidmem import Frame, Prompt
from vidmem.types import Box, Point

Tool = Literal["add", "cut", "box"]
SMALLEST_BOX = 4
"""Two clicks nearer than this are one click made twice."""


@dataclass(slots=True)
class Marks:
    """Clicks on the frames of one video. A box needs two; ``corner`` is the first of them."""

    by_frame: dict[int, list[Prompt]] = field(default_factory=dict)
    corner: tuple[int, int] | None = None

    def click(self, frame: Frame, object_id: int, place: tuple[int, int], tool: Tool) -> bool:
        """Take one click; False where a box waits for its second corner."""
        height, width = frame.size
        x = min(max(int(place[0]), 0), width - 1)
        y = min(max(int(place[1]), 0), height - 1)
        if tool != "box":
            self.corner = None
            self._add(frame.index, Prompt(object_id, points=((x, y, int(tool == "add")),)))
            return True
        if self.corner is None:
            self.corner = (x, y)
            return False
        (left, right), (top, bottom) = sorted((x, self.corner[0])), sorted((y, self.corner[1]))
        if right - left < SMALLEST_BOX or bottom - top < SMALLEST_BOX:
            return False
        self.corner = None
        kept = [p for p in self.at(frame.index) if p.object_id != object_id or p.box is None]
        self.by_frame[frame.index] = kept
        self._add(frame.index, Prompt(object_id, box=(left, top, right + 1, bottom + 1)))
        return True

    def add(self, index: int, prompts: Iterable[Prompt]) -> None:
        """Take ready prompts."""
        for prompt in prompts:
            self._add(index, prompt)

    def at(self, index: int) -> list[Prompt]:
        """The prompts of one frame."""
        return self.by_frame.get(index, [])

    def undo(self, index: int) -> bool:
        """Take back the latest click on a frame; False where there is none."""
        if self.corner is not None:
            self.corner = None
            return True
        prompts = self.at(index)
        if prompts:
            prompts.pop()
        if index in self.by_frame and not self.by_frame[index]:
            del self.by_frame[index]
            return True
        return bool(prompts)

    def remove(self, object_id: int) -> None:
        """Forget an object's clicks."""
        self.corner = None
        for index in tuple(self.by_frame):
            kept = [p for p in self.by_frame[index] if p.object_id != object_id]
            if kept:
                self.by_frame[index] = kept
            else:
                del self.by_frame[index]

    def options(self) -> list[str]:
        """As ``vidmem run --prompt`` takes them."""
        return [
            text + (f"@{index}" if index else "")
            for index in sorted(self.by_frame)
            for prompt in self.by_frame[index]
            for text in _texts(prompt)
        ]

    def _add(self, index: int, prompt: Prompt) -> None:
        self.by_frame.setdefault(index, []).append(prompt)


def _texts(prompt: Prompt) -> Iterable[str]:
    if prompt.box is not None:
        yield f"{prompt.object_id}:box={_numbers(prompt.box)}"
    for x, y, label in prompt.points:
        yield f"{prompt.object_id}:point={_numbers((x, y))}{'' if label else ',-'}"


def _numbers(values: Box | Point | tuple[float | int, float | int]) -> str:
    return ",".join(f"{value:g}" for value in values)
