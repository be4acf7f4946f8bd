"""The newest frame of a live source: what nobody asked for in time is dropped and counted."""

import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Condition, Thread

from vidmem.errors import SourceError
from vidmem.protocols import Source
from vidmem.types import Frame, Number


class Latest:
    """Wraps a source so that a slow consumer always gets the newest frame.

    Frames are numbered from 0 in the order they are handed out; their times are the source's.
    Reading begins with the first question and goes on in a thread until ``close``. The three ways
    to ask are LeRobot's: ``read`` waits for a new frame, ``async_read`` waits only so long,
    ``read_latest`` never waits.

    Args:
        source: usually live; stored video runs through as fast as it decodes.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._changed = Condition()
        self._frame: Frame | None = None
        self._arrived = 0.0
        self._fresh = False
        self._index = -1
        self._dropped = 0
        self._ended = False
        self._error: BaseException | None = None
        self._thread: Thread | None = None

    @property
    def frames_per_second(self) -> float | None:
        """Of the source."""
        return self._source.frames_per_second

    @property
    def frame_count(self) -> int | None:
        """Nobody knows how many will be dropped."""
        return None

    @property
    def dropped(self) -> int:
        """Frames that nobody saw."""
        return self._dropped

    def __iter__(self) -> Iterator[Frame]:
        """New frames until the source ends."""
        while (frame := self._wait(None)) is not None:
            yield frame

    def read(self) -> Frame:
        """The next new frame, however long it takes.

        Raises:
            SourceError: the source has ended.
        """
        return self._must(self._wait(None))

    def async_read(self, *, timeout_ms: Number = 200.0) -> Frame:
        """A frame that was not handed out before.

        Raises:
            SourceError: none came within ``timeout_ms``, or the source has ended.
        """
        return self._must(self._wait(timeout_ms / 1000.0), f"within {timeout_ms:g} ms")

    def read_latest(self, *, max_age_ms: Number = 500.0) -> Frame:
        """The newest frame at once, be it handed out before or not.

        Raises:
            SourceError: there is none yet, or it arrived more than ``max_age_ms`` ago.
        """
        self._start()
        with self._changed:
            young = time.monotonic() - self._arrived <= max_age_ms / 1000.0
            return self._must(self._take() if young else None, f"in the last {max_age_ms:g} ms")

    def close(self) -> None:
        """Stop reading and close the source."""
        self._source.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _must(self, frame: Frame | None, when: str = "any more") -> Frame:
        if frame is None:
            if self._error is not None:
                raise self._error
            raise SourceError(
                f"No new frame came {when}.", remedy="Check the source, or wait longer."
            )
        return frame

    def _wait(self, seconds: float | None) -> Frame | None:
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._fresh or self._ended, seconds)
            if self._fresh:
                return self._take()
            if self._error is not None:
                raise self._error
            return None

    def _take(self) -> Frame | None:
        """The newest frame under the number it has, or gets now."""
        if self._fresh and self._frame is not None:
            self._index += 1
            self._frame = replace(self._frame, index=self._index)
        self._fresh = False
        return self._frame

    def _start(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = Thread(target=self._work, name="vidmem-latest", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        try:
            for frame in self._source:
                with self._changed:
                    self._dropped += self._fresh
                    self._frame, self._fresh = frame, True
                    self._arrived = time.monotonic()
                    self._changed.notify_all()
                    if self._ended:
                        return
        except BaseException as error:  # goes to whoever asks
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
