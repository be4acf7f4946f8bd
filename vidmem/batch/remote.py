"""Results in a remote folder, through fsspec: written here first, then copied, the summary last."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vidmem.errors import ConfigError, SinkError

SUMMARY = "summary.json"


def is_remote(where: str) -> bool:
    """An address as fsspec takes it, such as ``s3://bucket/folder``."""
    return "://" in where


def staging(address: str) -> Path:
    """The folder here for what is not finished; the same for the same address."""
    return (
        Path(tempfile.gettempdir()) / f"vidmem-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    )


def check_remote(address: str) -> None:
    """Refuse an address that nothing here can write to.

    Raises:
        ConfigError: fsspec or the package for this kind of address is not installed.
    """
    try:
        _opened(address)
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"{address} cannot be written: {error}.",
            remedy="pip install fsspec, or vidmem[ray], and the package for this kind of address.",
        ) from None


def remote_summary(address: str, key: str) -> dict[str, Any] | None:
    """The summary of the same job, where all of its results have arrived.

    Raises:
        SinkError: the address does not answer.
    """
    summary = _summary(address)
    return summary if summary is not None and summary.get("key") == key else None


def upload(folder: Path, address: str) -> None:
    """Copy the results of one video, its summary last, and remove them here.

    What an earlier run wrote there is replaced. Whoever is killed in between leaves results without
    a summary, which claim nothing; the next call copies them again.

    Raises:
        SinkError: they cannot be written.
    """
    earlier = _summary(address)
    with _told(address):
        files, root = _opened(address)
        if earlier is not None and "key" in earlier:
            files.rm(root, recursive=True)
        found = (path for path in folder.rglob("[!.]*") if path.is_file())
        names = sorted(path.relative_to(folder) for path in found)
        for name in sorted(names, key=lambda name: name == Path(SUMMARY)):
            target = f"{root}/{name.as_posix()}"
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            files.put_file(str(folder / name), target)
    shutil.rmtree(folder)


def upload_file(path: Path, address: str) -> None:
    """Copy one file.

    Raises:
        SinkError: it cannot be written.
    """
    with _told(address):
        files, target = _opened(address)
        files.put_file(str(path), target)


def _summary(address: str) -> dict[str, Any] | None:
    with _told(address):
        files, root = _opened(address)
        try:
            summary = json.loads(files.cat_file(f"{root}/{SUMMARY}"))
        except (FileNotFoundError, ValueError):
            return None
    return summary if isinstance(summary, dict) else None


def _opened(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    files, root = url_to_fs(address)
    return files, str(root).rstrip("/")


@contextmanager
def _told(address: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # every kind of address has errors of its own
        raise SinkError(
            f"{address} cannot be used: {error or type(error).__name__}.",
            remedy="Check the address and the right to write there; what is done here is kept.",
        ) from error
