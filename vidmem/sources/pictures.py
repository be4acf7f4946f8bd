"""From pictures to frames: the chosen part of a video, at the chosen size, decoded ahead."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources.limits import check_size
from vidmem.sources.prefetch import prefetch
from vidmem.types import Frame, Intrinsics, Number


class Picture(NamedTuple):
    """A picture that may be read: what is skipped is never converted."""

    read: Callable[[], UInt8[np.ndarray, "height width 3"]]
    seconds: float
    gap_seconds: float = 0.0
    intrinsics: Intrinsics | None = None
    camera_to_world: Float[np.ndarray, "4 4"] | None = None


Pictures = Callable[[float], Iterator[Picture]]
"""Pictures from about a second on; earlier ones may come and are skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which frames, and how large."""

    every: int = 1
    size: tuple[int, int] | None = None
    """Width and height."""
    start: Number | None = None
    end: Number | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise SourceError(f"every is {self.every}; it is 1 or more.", remedy="Leave it out.")
        if self.size is not None:
            check_size(*self.size, "The wanted size")
        if (self.start or 0.0) < 0 or (self.end is not None and self.end <= (self.start or 0.0)):
            raise SourceError(
                f"Seconds {self.start} to {self.end} are no part of a video.",
                remedy="Give 0 <= start < end, in seconds.",
            )

    @property
    def whole(self) -> bool:
        """Nothing is cut off at the beginning or the end."""
        return self.start is None and self.end is None

    def frames(self, pictures: Iterator[Picture], *, live: bool) -> Iterator[Frame]:
        """Frames numbered from 0; ``live`` pictures that change size are fitted to the first."""
        size = self.size
        for index, picture in enumerate(self._part(pictures)):
            image = picture.read()
            size = size or (image.shape[1], image.shape[0])
            if image.shape[1::-1] != size and not live and self.size is None:
                raise _changed(image, size, index)
            yield _fit(image, size, picture, index)

    def _part(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        count = 0
        for picture in pictures:
            if self.end is not None and picture.seconds >= self.end:
                return
            if picture.seconds >= (self.start or 0.0):
                if count % self.every == 0:
                    yield picture
                count += 1


def _fit(image: np.ndarray, size: tuple[int, int], picture: Picture, index: int) -> Frame:
    intrinsics = picture.intrinsics
    if image.shape[1::-1] != size:
        if intrinsics is not None:
            intrinsics = intrinsics.scaled(size[0] / image.shape[1], size[1] / image.shape[0])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return Frame(
        np.ascontiguousarray(image),
        index,
        picture.seconds,
        intrinsics,
        picture.camera_to_world,
        picture.gap_seconds,
    )


def _changed(image: np.ndarray, size: tuple[int, int], index: int) -> TruncatedError:
    return TruncatedError(
        f"Frame {index} is {image.shape[1]}x{image.shape[0]}, the frames before it "
        f"{size[0]}x{size[1]}.",
        remedy=f"Resize all of them with --size {size[0]} {size[1]}.",
    )


class PictureSource:
    """A source over pictures. May be iterated again; every time from the start.

    Args:
        pictures: opens the pictures; called for every iteration.
        selection: which of them, and how large.
        name: for messages.
        frames_per_second: nominal rate of the frames that come out.
        frame_count: of the frames that come out, None where nobody knows.
        live: the pictures happen now, so sizes may change and none is read ahead of its time.
    """

    def __init__(
        self,
        pictures: Pictures,
        selection: Selection,
        *,
        name: str,
        frames_per_second: float | None = None,
        frame_count: int | None = None,
        live: bool = False,
    ) -> None:
        self._pictures = pictures
        self._selection = selection
        self._name = name
        self._rate = frames_per_second
        self._count = frame_count
        self._stops: set[Event] = set()
        self.live = live

    @property
    def frames_per_second(self) -> float | None:
        """Nominal rate, after ``every``."""
        return None if self._rate is None else self._rate / self._selection.every

    @property
    def frame_count(self) -> int | None:
        """After ``every``; None where a part was chosen or nobody knows."""
        if self._count is None or not self._selection.whole:
            return None
        return -(-self._count // self._selection.every)

    def __iter__(self) -> Iterator[Frame]:
        """Frames, decoded in a thread, at most a few ahead.

        Raises:
            SourceError: there are no frames, or they cannot be read.
            TruncatedError: after the good frames of a source that ends too early.
        """
        stop = Event()
        self._stops.add(stop)
        pictures = self._pictures(float(self._selection.start or 0.0))
        frame = None
        try:
            for frame in prefetch(self._selection.frames(pictures, live=self.live), stop):
                yield frame
        finally:
            stop.set()
            self._stops.discard(stop)
        if frame is None:
            raise SourceError(
                f"{self._name} has no frames{'' if self._selection.whole else ' in that part'}.",
                remedy="Check that it plays, and --start and --end where given.",
            )

    def close(self) -> None:
        """Stop decoding, wherever it is."""
        for stop in tuple(self._stops):
            stop.set()
