"""Final names appear when a sink is complete; only what vidmem wrote is ever replaced."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidmem.errors import SinkError

RECORD = ".vidmem.json"
"""In the output folder: the names that vidmem wrote and may write again."""


@contextmanager
def told(what: Path) -> Iterator[None]:
    """Turn errors of the system and of the encoder into SinkError.

    Raises:
        SinkError: with the reason and a remedy.
    """
    import av

    try:
        yield
    except (OSError, av.error.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        raise SinkError(
            f"{what} cannot be written: {reason}.",
            remedy="Free some space or choose another disk with --out."
            if full
            else "Choose a folder that may be written with --out.",
        ) from error


def write_whole(path: Path, text: str) -> None:
    """A text file, under a temporary name first; the folder is made.

    Raises:
        SinkError: it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text)
        partial.replace(path)


class Place:
    """A file or folder under a temporary name until it is complete.

    Args:
        final: the name to be.
        folder: it is a folder.
        resume: keep the temporary folder or file of a run that was killed.

    Raises:
        SinkError: it cannot be made, or something stands there that vidmem did not write.
    """

    def __init__(self, final: Path, *, folder: bool, resume: bool = False) -> None:
        self.final = final
        self.partial = final.with_name(final.name + ".partial")
        self._made_parent = not final.parent.exists()
        with told(final):
            _check_owner(final)
            if not resume:
                remove(self.partial)
            if folder:
                self.partial.mkdir(parents=True, exist_ok=True)
            else:
                final.parent.mkdir(parents=True, exist_ok=True)
                self.partial.touch()

    def publish(self, *, inner: str | None = None) -> None:
        """Give it its final name; ``inner`` names the file of the folder that is the result."""
        with told(self.final):
            _record(self.final)
            remove(self.final)
            if inner is None:
                self.partial.rename(self.final)
            else:
                (self.partial / inner).rename(self.final)
                remove(self.partial)

    def discard(self) -> None:
        """Leave nothing, not even a folder made for it."""
        remove(self.partial)
        parent = self.final.parent
        if self._made_parent and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def remove(path: Path) -> None:
    """A file or a folder; a missing one is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _check_owner(final: Path) -> None:
    if not os.path.lexists(final) or final.name in _recorded(final.parent):
        return
    raise SinkError(
        f"{final} exists and was not written by vidmem.", remedy="Choose another --out."
    )


def _record(final: Path) -> None:
    names = sorted({*_recorded(final.parent), final.name})
    record = final.parent / RECORD
    partial = record.with_name(RECORD + ".partial")
    partial.write_text(json.dumps(names))
    partial.replace(record)


def _recorded(folder: Path) -> list[str]:
    try:
        names = json.loads((folder / RECORD).read_text())
    except (OSError, ValueError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
