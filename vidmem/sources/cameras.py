"""What is known of the camera, from files, added to the frames of any source."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vidmem.errors import SourceError
from vidmem.protocols import Source
from vidmem.types import Frame, Intrinsics


@dataclass(frozen=True, slots=True)
class CameraFiles:
    """Where intrinsics, poses and range points come from; text, so that it can be written down."""

    intrinsics: tuple[float, float, float, float] | None = None
    """fx, fy, cx, cy in pixels of the frames that are used."""
    poses: str | None = None
    """A file with one camera-to-world 4x4 matrix in metres per frame that is used, or a folder of
    files with one each."""
    ranges: str | None = None
    """A text file of lines: frame, x, y, metres along the optical axis."""

    @property
    def paths(self) -> list[Path]:
        """Of the files."""
        return [Path(text) for text in (self.poses, self.ranges) if text]


class WithCamera:
    """A source whose frames carry what is known of the camera.

    Raises:
        SourceError: a file cannot be read or holds something else.
    """

    def __init__(self, source: Source, files: CameraFiles) -> None:
        self._source = source
        self._intrinsics = Intrinsics(*files.intrinsics) if files.intrinsics else None
        self._poses = read_poses(Path(files.poses)) if files.poses else ()
        self._ranges = read_ranges(Path(files.ranges)) if files.ranges else {}
        count = source.frame_count
        if files.poses and count is not None and len(self._poses) < count:
            raise SourceError(
                f"{files.poses} has {len(self._poses)} poses for {count} frames.",
                remedy="Give one per frame that is used.",
            )

    @property
    def frames_per_second(self) -> float | None:
        """The source's."""
        return self._source.frames_per_second

    @property
    def frame_count(self) -> int | None:
        """The source's."""
        return self._source.frame_count

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            pose = self._poses[frame.index] if frame.index < len(self._poses) else None
            yield replace(
                frame,
                intrinsics=self._intrinsics or frame.intrinsics,
                camera_to_world=frame.camera_to_world if pose is None else pose,
                ranges=self._ranges.get(frame.index, frame.ranges),
            )

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def read_poses(path: Path) -> tuple[Float[np.ndarray, "4 4"], ...]:
    """In the order of lines, or of file names.

    Raises:
        SourceError: it cannot be read, or holds no 4x4 matrices.
    """
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    numbers = [_table(file).ravel() for file in files]
    joined = np.concatenate(numbers) if numbers else np.zeros(0)
    if not joined.size or joined.size % 16:
        raise SourceError(
            f"{path} holds {joined.size} numbers, which are no 4x4 matrices.",
            remedy="Write one camera-to-world matrix, 16 numbers, per frame.",
        )
    return tuple(joined.reshape(-1, 4, 4))


def read_ranges(path: Path) -> dict[int, Float[np.ndarray, "points 3"]]:
    """By frame.

    Raises:
        SourceError: it cannot be read, or has lines of another length.
    """
    table = _table(path)
    if table.ndim != 2 or table.shape[1] != 4:
        raise SourceError(
            f"{path} has lines of {table.shape[-1] if table.size else 0} numbers.",
            remedy="Write frame, x, y, metres in each line.",
        )
    frames = table[:, 0].astype(int)
    return {int(index): table[frames == index, 1:] for index in np.unique(frames)}


def _table(path: Path) -> Float[np.ndarray, "..."]:
    try:
        text = path.read_text().replace(",", " ")
        rows = [
            [float(word) for word in line.split()] for line in text.splitlines() if line.strip()
        ]
        return np.array(rows, np.float64)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}.", remedy="Check the file.") from None
