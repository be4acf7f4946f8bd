"""The thread that steps: start, pause, go on, go back."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

from vidmem import Engine, Frame, Result, VidmemError
from vidmem.types import Keyframe, Stream
from vidmem_demo.clips import Clip
from vidmem_demo.marks import Marks
from vidmem_demo.recording import Recording

SMOOTHING = 0.9
"""Of the shown frames per second."""
JOIN_SECONDS = 60


@dataclass(slots=True)
class Live:
    """The newest answer, handed from the working thread to whoever shows it."""

    result: Result | None = None
    attention: Mapping[Stream, Mapping[int, float]] = field(default_factory=dict)
    """By stream and keyframe: the share of attention in this very frame."""
    frames_per_second: float = 0.0
    count: int = 0


class Running:
    """Steps an engine through a clip, beside the page.

    Args:
        clip: the video.
        engine: for this session alone.
        frame: the first picture.
        marks: clicks by frame; a frame's clicks are given to the engine when it is reached.
        names: objects by number; shared, so that names given meanwhile count.
        recording: takes the answers.
    """

    def __init__(
        self,
        clip: Clip,
        engine: Engine,
        frame: Frame,
        *,
        marks: Marks,
        names: dict[int, str],
        recording: Recording,
    ) -> None:
        self.frame = frame
        """The shown picture."""
        self.live = Live()
        self.message = ""
        self.ended = False
        self.corrected: set[int] = set()
        """Frames that were computed and clicked on afterwards."""
        self._clip, self._engine = clip, engine
        self._marks, self._names, self._recording = marks, names, recording
        self._frames: Iterator[Frame] | None = None
        self._changed = Condition()
        self._pausing = Event()
        self._thread: Thread | None = None

    @property
    def active(self) -> bool:
        """Whether frames are being computed."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start or go on, from the earliest corrected frame where there is one."""
        self.message, self.ended = "", False
        self._pausing.clear()
        results = self._results()
        # No daemon: the process must not end in the middle of a step.
        self._thread = Thread(target=self._work, args=(results,), name="vidmem-demo")
        self._thread.start()

    def pause(self) -> None:
        """Stop after the current frame. A camera then shows a picture not computed yet."""
        was_active = self.active
        self.request_pause()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)
        if was_active and not self._clip.seekable and not self.ended and self._frames is not None:
            self.frame = next(self._frames, self.frame)

    def request_pause(self) -> None:
        """Ask for it and do not wait."""
        self._pausing.set()

    def close(self) -> None:
        """End; may be called twice."""
        self.request_pause()
        self._clip.close()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)
        self._close_frames()
        with self._changed:
            self._changed.notify_all()

    def wait(self, count: int, *, timeout: float = 0.5) -> Live:
        """The newest answer, as soon as there is one after ``count`` or work has ended."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.live.count > count or not self.active, timeout=timeout
            )
            return self.live

    def give_names(self) -> None:
        """Tell the engine what the objects are called."""
        for object_id, known in self._engine.memory.objects.items():
            if self._names.get(object_id, known.name) != known.name:
                self._engine.rename(object_id, self._names[object_id])

    def _results(self) -> Iterator[Result]:
        if self.corrected:
            index = min(self.corrected)
            self.corrected.clear()
            self._close_frames()
            self._frames = self._again(index)
            return self._engine.correct(index, self._marks.at(index), self._frames)
        first = len(self._recording)
        if self._frames is None:
            self._frames = self._clip.frames(lambda: first, self._recording.seconds)
        waiting = {i: prompts for i, prompts in self._marks.by_frame.items() if i >= first}
        if not self._clip.seekable and self.frame.index == first:
            return self._engine.run(_shown_first(self.frame, self._frames), waiting)
        return self._engine.run(self._frames, waiting)

    def _again(self, corrected: int) -> Iterator[Frame]:
        """The video from the restored snapshot on, with all other clicks as they come."""
        for object_id in set(self._engine.memory.objects) - set(self._names):
            self._engine.remove(object_id)
        self.give_names()
        for frame in self._clip.frames(self._restored, self._recording.seconds):
            others = self._marks.at(frame.index)
            if others and frame.index != corrected:
                self._engine.ask(*others)
            yield frame

    def _restored(self) -> int:
        return self._engine.memory.state.next_index

    def _work(self, results: Iterator[Result]) -> None:
        last = time.perf_counter()
        try:
            before = self._engine.memory.keyframes
            for result in results:
                now, after = time.perf_counter(), self._engine.memory.keyframes
                self._take(result, _received(result, before), now - last, after)
                last, before = now, after
                if self._pausing.is_set():
                    return
            self.ended = True
        except VidmemError as error:
            self.message = str(error)
        except Exception as error:  # a person waits: tell rather than hang
            self.message = f"Something went wrong ({type(error).__name__}): {error}"
        finally:
            with self._changed:
                self._changed.notify_all()

    def _take(
        self,
        result: Result,
        attention: dict[Stream, dict[int, float]],
        seconds: float,
        keyframes: Sequence[Keyframe],
    ) -> None:
        self.give_names()
        self._recording.add(result, {keyframe.card.index for keyframe in keyframes})
        self.frame = result.frame
        rate = 1 / max(seconds, 1e-6)
        with self._changed:
            known = self.live.frames_per_second
            smooth = SMOOTHING * known + (1 - SMOOTHING) * rate if known else rate
            self.live = Live(result, attention, smooth, self.live.count + 1)
            self._changed.notify_all()

    def _close_frames(self) -> None:
        close = getattr(self._frames, "close", None)
        self._frames = None
        if close is not None:
            close()


def _shown_first(shown: Frame, frames: Iterator[Frame]) -> Iterator[Frame]:
    """A camera's picture that was clicked on, then those that follow."""
    yield shown
    for index, frame in enumerate(frames, shown.index + 1):
        yield Frame(frame.image, index, max(frame.seconds, shown.seconds))


def _received(result: Result, before: Sequence[Keyframe]) -> dict[Stream, dict[int, float]]:
    """Attention of this frame by keyframe; the tables list a stream's pages oldest first."""
    found: dict[Stream, dict[int, float]] = {}
    for stream, masses in result.masks.attention.items():
        indices = [k.card.index for k in before if stream in k.pages]
        found[stream] = dict(zip(indices, masses, strict=False))
    return found
