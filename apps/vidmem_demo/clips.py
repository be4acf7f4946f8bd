"""Where a session's frames come from: a file that can be read again, or a browser's camera."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition, Lock
from typing import Any, Protocol

import numpy as np

from vidmem import Frame, Prompt, open_source
from vidmem.errors import ObjectError, SourceError
from vidmem.training.example import write_example

SILENCE_SECONDS = 5.0
"""A camera that sends nothing for so long has been switched off."""
RENDERING = "rendering-"
FORGOTTEN_SECONDS = 3600
"""After this, a rendering was killed."""
_EXAMPLE_LOCK = Lock()


class Clip(Protocol):
    """A video as a session needs it."""

    name: str
    frame_count: int | None
    frames_per_second: float | None
    seekable: bool
    """Whether it can be read again, from anywhere."""

    def frames(self, first: Callable[[], int], seconds: Sequence[float]) -> Iterator[Frame]:
        """From frame ``first()`` on; ``seconds`` are the times of the frames seen so far."""
        ...

    def picture(self, index: int, seconds: Sequence[float]) -> Frame:
        """One frame that was seen before."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class FileClip:
    """A video file. It is streamed: its length costs no memory.

    Args:
        path: the file.
        name: what the user calls it.

    Raises:
        SourceError: it cannot be read.
    """

    seekable = True

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        with self._named(), closing(open_source(path)) as source:
            self.frame_count = source.frame_count
            self.frames_per_second = source.frames_per_second

    def frames(self, first: Callable[[], int], seconds: Sequence[float]) -> Iterator[Frame]:
        """Decoded a few frames ahead; seeks, so that going back in a long file is quick."""
        begin = first()
        start = None if begin == 0 else (seconds[begin - 1] + seconds[begin]) / 2
        with self._named(), closing(open_source(self.path, start=start)) as source:
            for frame in source:
                yield replace(frame, index=frame.index + begin)

    def picture(self, index: int, seconds: Sequence[float]) -> Frame:
        """Decode one frame.

        Raises:
            SourceError: the file ends before it.
        """
        with closing(self.frames(lambda: index, seconds)) as frames:  # type: ignore[type-var]
            return next(frames)

    def close(self) -> None:
        """Nothing is open between frames."""

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors speak of the file as the user calls it."""
        try:
            yield
        except SourceError as error:
            what = error.what.replace(str(self.path), self.name)
            raise type(error)(what, remedy=error.remedy) from None


class CameraClip:
    """Pictures that the browser sends; the newest wins, what nobody takes is dropped."""

    name = "camera"
    seekable = False
    frame_count: int | None = None
    frames_per_second: float | None = None

    def __init__(self) -> None:
        self._changed = Condition()
        self._image: np.ndarray | None = None
        self._seconds = 0.0
        self._begin: float | None = None
        self._closed = False

    def offer(self, image: np.ndarray, seconds: float) -> None:
        """The newest picture, RGB, and when it came."""
        with self._changed:
            self._begin = seconds if self._begin is None else self._begin
            self._image, self._seconds = image, seconds - self._begin
            self._changed.notify_all()

    def frames(self, first: Callable[[], int], seconds: Sequence[float]) -> Iterator[Frame]:
        """New pictures as they come, until the camera is switched off."""
        index = first()
        while (taken := self._take()) is not None:
            yield Frame(np.ascontiguousarray(taken[0]), index, taken[1])
            index += 1

    def _take(self) -> tuple[np.ndarray, float] | None:
        with self._changed:
            waiting = self._changed.wait_for(
                lambda: self._closed or self._image is not None, timeout=SILENCE_SECONDS
            )
            if not waiting or self._closed or self._image is None:
                return None
            image, self._image = self._image, None
            return image, self._seconds

    def picture(self, index: int, seconds: Sequence[float]) -> Frame:
        """A camera does not go back.

        Raises:
            ObjectError: always.
        """
        raise ObjectError(
            "A camera cannot go back.", remedy="Pause and click on the current picture instead."
        )

    def close(self) -> None:
        """Wake whoever waits for a picture."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def cache_folder() -> Path:
    """Where the example stays between starts."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vidmem" / "demo"


def is_example_there(folder: Path | None = None) -> bool:
    """Whether the example was rendered before."""
    return all(path.is_file() for path in _example_files(folder))


def example_clip(folder: Path | None = None) -> tuple[FileClip, list[Prompt]]:
    """The example and a box for each of its two objects; rendered on the first call, offline."""
    path, boxes = _example_files(folder)
    with _EXAMPLE_LOCK:
        if not is_example_there(folder):
            _render(path, boxes)
    found: list[Any] = json.loads(boxes.read_text())
    return FileClip(path, "example.mp4"), [Prompt(i, box=tuple(box)) for i, box in found]


def _render(path: Path, boxes: Path) -> None:
    """In a folder of its own: another server may render too, and either may be killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{RENDERING}*"):
        if time.time() - old.stat().st_mtime > FORGOTTEN_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    with TemporaryDirectory(prefix=RENDERING, dir=path.parent) as folder:
        partial = Path(folder) / path.name
        prompts = write_example(partial)
        boxes.write_text(json.dumps([[p.object_id, p.box] for p in prompts]))
        partial.replace(path)


def _example_files(folder: Path | None) -> tuple[Path, Path]:
    folder = folder or cache_folder()
    return folder / "example.mp4", folder / "example.json"


def first_frame(clip: Clip) -> Frame:
    """The picture to click on.

    Raises:
        SourceError: there is none.
    """
    try:
        return clip.picture(0, ())
    except StopIteration:
        raise SourceError(f"{clip.name} has no frames.", remedy="Check that it plays.") from None
