"""Decoding beside the model: a thread and a short queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
AHEAD = 3
"""Items waiting at most: enough to even out one slow frame, and 4K frames stay under 100 MB."""
POLL_SECONDS = 0.1
JOIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


def prefetch(items: Iterator[Item], stop: Event) -> Iterator[Item]:
    """The same items, made in a thread at most ``AHEAD`` early.

    Args:
        items: a generator; it runs in the thread only.
        stop: set it to end early, from any thread.

    Raises:
        Exception: whatever ``items`` raised, after the items before it.
    """
    queue: Queue[Item | _End] = Queue(AHEAD)
    thread = Thread(target=_work, args=(items, queue, stop), name="vidmem-decode", daemon=True)
    thread.start()
    try:
        while not stop.is_set():
            try:
                item = queue.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stop.set()
        thread.join(JOIN_SECONDS)


def _work(items: Iterator[Item], queue: Queue[Item | _End], stop: Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _offer(queue, item, stop):
                return
    except BaseException as caught:  # goes to the consumer
        error = caught
    finally:
        del items  # closes files here, in the thread that opened them
    _offer(queue, _End(error), stop)


def _offer(queue: Queue[Item | _End], item: Item | _End, stop: Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(item, timeout=POLL_SECONDS)
        except Full:
            continue
        return True
    return False
