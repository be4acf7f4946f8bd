"""Cameras and network streams: they stall, break and come back; the frames say the gap."""

import time
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import UInt8

from vidmem.errors import SourceError, TruncatedError, VidmemError
from vidmem.sources.pictures import Picture, PictureSource, Selection

Connect = Callable[[], Iterator[UInt8[np.ndarray, "height width 3"]]]
"""Opens the device and yields pictures until it fails; may raise SourceError."""

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 5.0
FIRST_PATIENCE = 5.0
"""Seconds for the very first picture, before anybody has seen the source work."""
GAP_SECONDS = 1.0
"""A pause longer than this is told as a gap."""


def live_source(
    connect: Connect, selection: Selection, *, name: str, patience_seconds: float
) -> PictureSource:
    """A source that connects again, waiting twice as long after every failure.

    Frames carry the seconds since the first one by this machine's clock; the first frame after an
    interruption has ``gap_seconds`` set.

    Args:
        connect: opens the device.
        selection: which frames; ``start`` and ``end`` count from the first one.
        name: for messages.
        patience_seconds: without a picture for so long, it is given up with a TruncatedError;
            with a SourceError after 5 s where none ever came.
    """

    def pictures(start: float) -> Iterator[Picture]:
        return _reconnecting(connect, name, patience_seconds)

    return PictureSource(pictures, selection, name=name, live=True)


def _reconnecting(connect: Connect, name: str, patience_seconds: float) -> Iterator[Picture]:
    clock = _Clock()
    wait = FIRST_WAIT_SECONDS
    while True:
        reason = "it ended"
        try:
            images = connect()
            while True:
                asked = time.monotonic()
                image = next(images, None)
                if image is None:
                    break
                wait = FIRST_WAIT_SECONDS
                yield clock.stamp(image, time.monotonic() - asked)
        except VidmemError as error:
            reason = error.what
        silence = clock.interrupted()
        patience = patience_seconds if clock.started else min(patience_seconds, FIRST_PATIENCE)
        if silence + wait > patience:
            raise (TruncatedError if clock.started else SourceError)(
                f"{name} gave no picture for {silence:.0f} s: {reason.rstrip('.')}.",
                remedy="Check the address, the cable and the network.",
            )
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)


class _Clock:
    """Seconds since the first picture, and how long there was none."""

    def __init__(self) -> None:
        self._begin: float | None = None
        self._last = time.monotonic()
        self._again = False

    @property
    def started(self) -> bool:
        return self._begin is not None

    def stamp(self, image: np.ndarray, waited: float) -> Picture:
        """``waited`` is for the source alone: a slow consumer makes no gap."""
        now = time.monotonic()
        first = self._begin is None
        begin = now if self._begin is None else self._begin
        gap = now - self._last if not first and (self._again or waited > GAP_SECONDS) else 0.0
        self._begin, self._last, self._again = begin, now, False
        return Picture(lambda: image, now - begin, gap)

    def interrupted(self) -> float:
        """Note a lost connection; seconds since the last picture, or since the start."""
        self._again = True
        return time.monotonic() - self._last
