"""One person's work on one video: an engine, objects, clicks and answers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock

import cv2
import numpy as np

from vidmem import Engine, Frame, Prompt, Result, VidmemError
from vidmem.errors import ObjectError, PromptError
from vidmem_demo.clips import CameraClip, Clip
from vidmem_demo.looking import LookingAhead
from vidmem_demo.marks import Marks, Tool
from vidmem_demo.recording import Recording
from vidmem_demo.running import Live, Running

FIRST_OBJECT = {1: "object 1"}


class Session:
    """From the first frame on. Methods may be called from any thread.

    Args:
        clip: the video.
        engine: for this session alone.
        folder: of its own; whoever made it removes it.
        frame: the first picture.
    """

    def __init__(self, clip: Clip, engine: Engine, folder: Path, *, frame: Frame) -> None:
        self.clip, self.engine, self.folder = clip, engine, folder
        self.marks = Marks()
        self.names: dict[int, str] = dict(FIRST_OBJECT)
        self.active = 1
        self.preview: np.ndarray | None = None
        """Masks of the shown frame with what the clicks on it would give."""
        self.preview_ms = 0.0
        self.stopped = False
        """The next start begins anew; until then the answers stay."""
        self.removed: list[tuple[int, str]] = []
        """Objects that were removed while it was under way: the frame and the name."""
        self._ahead = LookingAhead(engine)
        self.recording = Recording(folder / "answers")
        self.work = Running(
            clip, engine, frame,
            marks=self.marks, names=self.names, recording=self.recording,
        )  # fmt: skip
        self._lock = RLock()

    @property
    def frame(self) -> Frame:
        """The shown picture."""
        return self.work.frame

    @property
    def live(self) -> Live:
        """The newest answer."""
        return self.work.live

    @property
    def running(self) -> bool:
        """Whether frames are being computed."""
        return self.work.active

    @property
    def seen(self) -> int:
        """Frames computed so far."""
        return len(self.recording)

    @property
    def is_camera(self) -> bool:
        """Whether the pictures come from the browser."""
        return isinstance(self.clip, CameraClip)

    @property
    def is_clicked(self) -> bool:
        """Whether anything was marked."""
        return bool(self.marks.by_frame or self.marks.corner)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to go on with: the next start begins anew."""
        return self.stopped or (self.work.ended and not self.work.corrected)

    def show(self, frame: Frame) -> bool:
        """Show a camera's newest picture; False where the shown one was clicked on or computed."""
        with self._lock:
            if self.running or self.seen or self.is_clicked:
                return False
            self.work.frame = frame
            return True

    def click(self, place: tuple[int, int], tool: Tool) -> None:
        """Mark the shown frame; the mask answers at once.

        Raises:
            PromptError: the clicks contradict each other; this one is taken back.
            ObjectError: there is no more room, or a camera cannot go back.
        """
        with self._lock:
            if self.frame.index < self.seen and not self.clip.seekable:
                raise ObjectError("This picture is over.", remedy="Pause the camera, then click.")
            if not self.marks.click(self.frame, self.active, place, tool):
                return
            try:
                self.look_ahead()
            except VidmemError:
                self.marks.undo(self.frame.index)
                self.look_ahead()
                raise
            self._touch()

    def look_ahead(self) -> None:
        """Show what the clicks on this frame would give; nothing changes."""
        prompts = self.marks.at(self.frame.index)
        begin = time.perf_counter()
        known = self.answer(self.frame)
        labels = known.masks.labels if known else None
        self.preview = self._ahead(self.frame, self.seen, prompts, labels)
        self.preview_ms = 1000 * (time.perf_counter() - begin) if prompts else 0.0

    def undo(self) -> None:
        """Take back the latest click on the shown frame."""
        with self._lock:
            if self.marks.undo(self.frame.index):
                self._touch()
                self.look_ahead()

    def take(self, marks: Mapping[int, Sequence[Prompt]], names: Mapping[int, str]) -> None:
        """Begin with ready clicks, by frame; ``show_ahead`` shows what they would give."""
        with self._lock:
            for index, prompts in marks.items():
                self.marks.add(index, prompts)
            self.names.clear()
            self.names.update(names)
            self.active = min(names)

    def show_ahead(self) -> None:
        """Show what the clicks on the shown frame would give, unless it runs already."""
        with self._lock:
            if not self.running:
                self.look_ahead()

    def new_object(self) -> int:
        """One more object, chosen for the next click."""
        self.marks.corner = None
        self.active = next(i for i in range(1, 255) if i not in self.names)
        self.names[self.active] = f"object {self.active}"
        return self.active

    def choose(self, object_id: int) -> None:
        """Clicks are for this object now."""
        if object_id in self.names:
            self.active, self.marks.corner = object_id, None

    def rename(self, name: str) -> None:
        """Give the chosen object a name."""
        name = " ".join(name.split())[:40]
        if name:
            self.names[self.active] = name
            self.work.give_names()

    def remove_object(self) -> None:
        """Forget the chosen object: its clicks, its memory and its masks to come."""
        with self._lock:
            name = self.names.pop(self.active)
            self.marks.remove(self.active)
            if self.active in self.engine.memory.objects:
                self.engine.remove(self.active)
                self.removed.append((self.seen, name))
            self.work.corrected &= set(self.marks.by_frame)
            if not self.names:
                self.names.update(FIRST_OBJECT)
            self.active = min(self.names)
            if not self.running:
                self.look_ahead()

    def go_to(self, index: int) -> None:
        """Show a frame that was seen.

        Raises:
            ObjectError: a camera cannot go back.
        """
        with self._lock:
            index = max(0, min(index, self.seen - 1))
            if self.seen and index != self.frame.index:
                self.work.frame = self.clip.picture(index, self.recording.seconds)
                self.marks.corner = None
                self.look_ahead()

    def start(self) -> None:
        """Start or go on, from the earliest corrected frame where there is one.

        Raises:
            PromptError: nothing is marked.
        """
        with self._lock:
            if self.running:
                return
            if not self.marks.by_frame and not self.engine.memory.objects:
                raise PromptError("Nothing is marked yet.", remedy="Click on an object first.")
            self.preview, self.stopped = None, False
            self.work.start()

    def pause(self) -> None:
        """Stop after the current frame, which is then shown."""
        self.work.pause()
        with self._lock:
            self.look_ahead()

    def stop(self) -> None:
        """Go to the first frame; the next start begins anew, until then the answers stay."""
        self.work.pause()
        self.stopped = True
        if self.clip.seekable:
            self.go_to(0)

    def results(self, frames: Iterator[Frame]) -> Iterator[Result]:
        """What was answered, without removed objects, beside the frames that were read again."""
        for frame in frames:
            found = self.answer(frame)
            if found is None:
                return
            yield found

    def answer(self, frame: Frame) -> Result | None:
        """What was answered for a frame, without removed objects; None where it is not kept."""
        found = self.recording.answer(frame)
        if found is None or found.masks.labels is None:
            return None
        table = np.zeros(256, np.uint8)
        table[list(self.names)] = list(self.names)
        shown = cv2.LUT(found.masks.labels, table)
        objects = tuple(state for state in found.objects if state.object_id in self.names)
        return replace(found, masks=replace(found.masks, labels=shown), objects=objects)

    def close(self) -> None:
        """End everything; may be called twice."""
        self.work.close()

    def _touch(self) -> None:
        """A frame that was computed is corrected by a click, and no more when it is taken back."""
        index = self.frame.index
        if index < self.seen:
            self.work.corrected.add(index)
