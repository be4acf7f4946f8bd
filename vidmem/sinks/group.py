"""Several sinks as one, writing in a thread beside the model."""

from collections.abc import Mapping
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

from vidmem.errors import SinkError
from vidmem.sinks.stored import StoredSink
from vidmem.types import Result

WAITING = 3
"""Results that wait at most: a slow disk slows the model down instead of filling the memory."""
POLL_SECONDS = 0.1


class SinkGroup:
    """Writes every result to every sink, in order. Errors come out at the next call.

    Args:
        sinks: by name.
    """

    def __init__(self, sinks: Mapping[str, StoredSink]) -> None:
        self._sinks = dict(sinks)
        self._queue: Queue[Result | Event] = Queue(WAITING)
        self._error: BaseException | None = None
        self._stop = Event()
        self._thread = Thread(target=self._work, name="vidmem-write", daemon=True)
        self._thread.start()

    def write(self, result: Result) -> None:
        """Hand over one result; waits while the queue is full.

        Raises:
            SinkError: writing this or an earlier result failed; nothing is left of that sink.
        """
        self._put(result)

    def checkpoint(self) -> dict[str, Any]:
        """Wait until everything is written and make it last.

        Afterwards a killed run can go on: give the value, which is made of JSON values, to
        ``open_sinks(..., resume=...)``.

        Raises:
            SinkError: as ``write``.
        """
        self._flush()
        return {name: sink.checkpoint() for name, sink in self._sinks.items()}

    def close(self) -> None:
        """Finish everything and rename.

        Raises:
            SinkError: as ``write``; call ``abort`` then.
        """
        self._flush()
        self._end()
        for name in tuple(self._sinks):
            self._sinks[name].close()
            del self._sinks[name]

    def abort(self) -> None:
        """Remove everything that was not closed."""
        self._end()
        # The first one made the folder, so it goes last.
        for name in reversed(tuple(self._sinks)):
            self._sinks.pop(name).abort()

    def _put(self, item: Result | Event) -> None:
        while True:
            self._check()
            try:
                self._queue.put(item, timeout=POLL_SECONDS)
            except Full:
                continue
            return

    def _flush(self) -> None:
        written = Event()
        self._put(written)
        while not written.wait(POLL_SECONDS):
            self._check()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._stop.is_set():
            raise SinkError("The results are closed.", remedy="Open new sinks.")

    def _end(self) -> None:
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.put(Event(), timeout=POLL_SECONDS)
            except Full:
                continue
            self._thread.join(POLL_SECONDS)

    def _work(self) -> None:
        while not self._stop.is_set():
            item = self._queue.get()
            if isinstance(item, Event):
                item.set()
                continue
            try:
                for sink in self._sinks.values():
                    sink.write(item)
            except BaseException as error:  # goes to the caller
                self._error = error
                return
