"""The product in one method: a frame in, masks and depth out, what is needed kept in the memory."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import RLock

import torch

from vidmem.bookkeeping import check_frame, describe, make_card, step_of, update_objects
from vidmem.config import Config
from vidmem.engine.beside import Beside
from vidmem.engine.deadline import StageTimes, Turn, fewer_pages
from vidmem.engine.events import Callbacks
from vidmem.engine.requests import Requests
from vidmem.engine.streaming import Prompts, stream
from vidmem.errors import CheckpointError, ObjectError, PromptError
from vidmem.heads.hiding import tell_hidden
from vidmem.memory import Memory, save_memory
from vidmem.models import Models
from vidmem.positions import surfaces_of
from vidmem.prompts import check_prompts
from vidmem.types import Features, Frame, Masks, Prompt, Result


class Engine:
    """Follows objects and measures depth, frame by frame. One engine per video or camera.

    Args:
        models: the functions; may be shared between engines.
        memory: the only thing that changes when a frame passes.
        config: the knobs it was built from.
    """

    def __init__(
        self,
        models: Models,
        memory: Memory,
        config: Config,
    ) -> None:
        self.models = models
        self.memory = memory
        self.config = config
        self.callbacks = Callbacks()
        """What to call when an object is lost or found, or a keyframe is kept."""
        self._times = StageTimes(config.runtime.deadline_ms)
        self._requests = Requests()
        self._lock = RLock()
        self._beside = Beside()

    def step(self, frame: Frame, prompts: Sequence[Prompt] = ()) -> Result:
        """Push one frame.

        With ``runtime.deadline_ms``, whatever would not fit in time is left out, in this order: the
        refiner, a new measurement of depth, most pages, detail. ``Result.skipped`` says what was.

        Args:
            frame: the next picture; indices go up, the size may change.
            prompts: what a person says about objects in this frame, in frame pixels.

        Raises:
            SourceError: the frame's number does not go up, or its time is no number.
            PromptError: a prompt does not fit the frame or contradicts another.
            ObjectError: more objects than there is room for.
        """
        with self._lock:
            before = self.memory.state
            check_frame(frame, before.previous)
            with self._requests.take(prompts, partial(self._check, frame)) as asked:
                result = self._step(frame, asked.prompts)
                asked.answer(result)
        self.callbacks.tell(result, known=before.objects, visible=before.visible)
        return result

    @torch.no_grad()
    def _step(self, frame: Frame, prompts: Sequence[Prompt]) -> Result:
        recall = self.memory.read(frame.index)
        turn = Turn(
            self._times,
            possible=self.models.can_skip(recall),
            phase=recall.step % self.config.depth.every,
        )
        self._beside.begin(self.models.begin_depth, frame, recall, carried=turn.skips("depth"))
        with turn("encode"):
            features = self.models.encode(frame, recall.previous, coarse=turn.skips("detail"))
            self._open(features, prompts)
        self._beside.go_on(features)
        with turn("segment"):
            read = fewer_pages(recall) if turn.skips("pages") else recall
            masks = self.models.segment(features, read, prompts)
        with turn("depth"):
            depth = self._beside.result()(masks)
            masks, depth = tell_hidden(features, recall, masks, depth)
        with turn("refine"):
            plain = turn.skips("refine")
            masks = self.models.refine(frame, features, recall, masks, depth, plain=plain)
        with turn("remember"):
            card = make_card(
                frame, features, masks, depth, prompts, recall, kinds=self.memory.shapes
            )
            surfaces = surfaces_of(masks, depth)
            objects = update_objects(frame, card, masks, recall, surfaces)
            if recall.step % self.config.memory.snapshot_every == 0:
                self.memory.snapshot()
            step = step_of(frame, recall, card, features, masks, depth, objects)
            if read is not recall:  # masses of other tables say nothing about the pages
                step = replace(step, attention={})
            kept = self.memory.write(
                step, lambda streams: self.models.remember(streams, features, masks, depth)
            )
            if prompts:  # going back lands after all that was said before
                self.memory.snapshot()
            states = describe(frame, masks, objects, surfaces)
        times, held = turn.milliseconds, self.memory.bytes
        return Result(frame, masks, depth, states, kept, times, held, turn.skipped, turn.late_ms)

    def ask(self, *prompts: Prompt) -> "Future[Result]":
        """Add or correct objects from any thread: with the next frame, in its pixels.

        Returns:
            The next step's result, or the error of prompts that do not fit; the step goes on
            without those.
        """
        return self._requests.put(prompts)

    def run(self, frames: Iterable[Frame], prompts: Prompts | None = None) -> Iterator[Result]:
        """Pull frames from a source, with prompts by frame index.

        Raises:
            PromptError: as ``step``, or a prompt is for a frame that never came.
        """
        waiting = dict(prompts or {})
        last = None
        for frame in frames:
            last = frame.index
            yield self.step(frame, waiting.pop(frame.index, ()))
        if waiting:
            end = "there are no frames" if last is None else f"the last frame is {last}"
            raise PromptError(
                f"A prompt is for frame {min(waiting)}, but {end}.",
                remedy="Count frames from 0.",
            )

    def stream(
        self, frames: Iterable[Frame] | AsyncIterable[Frame], prompts: Prompts | None = None
    ) -> AsyncIterator[Result]:
        """``run`` for asyncio: reading and computing happen in threads, the event loop stays free.

        Raises:
            PromptError: as ``run``.
        """
        return stream(self, frames, prompts)

    @torch.no_grad()
    def preview(self, frame: Frame, prompts: Sequence[Prompt]) -> Masks:
        """Answer a click: the masks ``step`` would give, while nothing changes.

        Raises:
            PromptError: a prompt does not fit the frame.
            ObjectError: more objects than there is room for.
        """
        with self._lock:
            checked = self._check(frame, prompts)
            recall = self.memory.read(frame.index)
            features = self.models.encode(frame, recall.previous)
            masks = self.models.preview(features, recall, checked)
            return self.models.refine(frame, features, recall, masks, None)

    def correct(
        self, index: int, prompts: Sequence[Prompt], frames: Iterable[Frame]
    ) -> Iterator[Result]:
        """Go back to ``index``, apply ``prompts`` there and run again.

        Args:
            index: the frame that was wrong.
            prompts: what is right there.
            frames: the video again from at most the newest snapshot on; earlier frames are skipped.

        Yields:
            The results from the snapshot on.

        Raises:
            ObjectError: no snapshot is so old, or ``index`` was not reached yet.
        """
        with self._lock:
            reached = self.memory.state.next_index
            if index >= reached:
                raise ObjectError(
                    f"Frame {index} cannot be corrected: {reached} frames were seen.",
                    remedy="Give its prompts to step or run when it comes.",
                )
            start = self.memory.restore(index)
        again = (frame for frame in frames if frame.index >= start)
        yield from self.run(again, {index: prompts})

    def remove(self, object_id: int) -> None:
        """Stop following an object and forget it; any thread may, it waits for the current step.

        Raises:
            ObjectError: there is no such object.
        """
        with self._lock:
            self.memory.remove(object_id)
            self.memory.snapshot()  # going back does not bring it back

    def rename(self, object_id: int, name: str) -> None:
        """Give an object a name; any thread may.

        Raises:
            ObjectError: there is no such object.
        """
        with self._lock:
            self.memory.rename(object_id, name)

    def save(self, path: str | Path) -> None:
        """Write the whole state; ``load(state=path)`` continues bit-equal on the CPU.

        Raises:
            SinkError: it cannot be written.
        """
        with self._lock:
            save_memory(
                self.memory, Path(path), family=self.config.family, config=asdict(self.config)
            )

    def _open(self, features: Features, prompts: Sequence[Prompt]) -> None:
        """Make room in a new memory; see that a restored one is these models' own."""
        shapes = dict(self.models.page_shapes(features))
        if not self.memory.is_open:
            self.memory.open(shapes)
            self.memory.check_room(prompt.object_id for prompt in prompts)
        elif dict(self.memory.shapes) != shapes:
            raise CheckpointError(
                "The memory was made for other models: its pages have other sizes.",
                remedy="Load the state with the tracker that it was saved with.",
            )

    def _check(self, frame: Frame, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
        checked = check_prompts(prompts, frame.size, known=tuple(self.memory.objects))
        self.memory.check_room(prompt.object_id for prompt in checked)
        return checked
