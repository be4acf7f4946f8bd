"""All sessions of one server: engines share their models, folders go when the session ends."""

import shutil
import tempfile
from pathlib import Path
from threading import Lock

from vidmem import Config, Engine, Frame, VidmemError, load
from vidmem.memory import Memory
from vidmem_demo.clips import Clip, first_frame
from vidmem_demo.session import Session

MODELS_KEPT = 2


class Busy(VidmemError):
    """More people than the server was started for."""


class Sessions:
    """Opens and ends sessions. Thread-safe.

    Args:
        root: a folder of its own; everything in it is removed by ``close``.
        most: sessions at once.
    """

    def __init__(self, root: Path | None = None, *, most: int = 8) -> None:
        self.root = root or Path(tempfile.mkdtemp(prefix="vidmem-demo-"))
        self._most = most
        self._open: dict[str, Session] = {}
        self._models: dict[str, Engine] = {}
        self._lock, self._loading = Lock(), Lock()

    def __len__(self) -> int:
        """Sessions that are open."""
        return len(self._open)

    @property
    def all(self) -> tuple[Session, ...]:
        """Those that are open."""
        return tuple(self._open.values())

    def get(self, key: str) -> Session | None:
        """The session of a browser tab, if it has one."""
        return self._open.get(key)

    def folder(self, key: str) -> Path:
        """Where a tab's files go."""
        path = self.root / "sessions" / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def open(self, key: str, clip: Clip, config: Config, *, frame: Frame | None = None) -> Session:
        """A new session for a tab; its earlier one ends, the clip's own file stays.

        Raises:
            VidmemError: too many sessions, no checkpoint, or no frames; the earlier one goes on.
        """
        engine, frame = self.engine(config), frame or first_frame(clip)
        with self._lock:
            if key not in self._open and len(self._open) >= self._most:
                raise Busy(
                    f"All {self._most} places are taken.",
                    remedy="Try again in a minute, or start the demo with --sessions.",
                )
        self.end(key, keep=getattr(clip, "path", None))
        session = Session(clip, engine, self.folder(key), frame=frame)
        with self._lock:
            self._open[key] = session
        return session

    def engine(self, config: Config) -> Engine:
        """An empty memory over models that are loaded once.

        Raises:
            VidmemError: an impossible number, or no checkpoint.
        """
        name = config.hash()
        with self._loading:
            if name not in self._models:
                while len(self._models) >= MODELS_KEPT:
                    del self._models[next(iter(self._models))]
                self._models[name] = load(config=config)
            models = self._models[name].models
        return Engine(models, Memory(config.memory), config)

    def end(self, key: str, *, keep: Path | None = None) -> None:
        """End a tab's session and remove its files."""
        with self._lock:
            session = self._open.pop(key, None)
        if session is not None:
            session.close()
        folder = self.root / "sessions" / key
        if keep is None or not keep.is_relative_to(folder):
            shutil.rmtree(folder, ignore_errors=True)
            return
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path != keep:
                path.unlink()

    def close(self) -> None:
        """End all of them and remove the root."""
        for key in tuple(self._open):
            self.end(key)
        self._models.clear()
        shutil.rmtree(self.root, ignore_errors=True)
