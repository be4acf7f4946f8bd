"""Where videos come from, and the settings they are followed with."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vidmem import Config, Frame, VidmemError
from vidmem.config import config_of
from vidmem.sinks import DepthPainter
from vidmem_demo.clips import CameraClip, Clip, FileClip, example_clip, is_example_there
from vidmem_demo.desk import Desk, config_for, settings_of
from vidmem_demo.layout import EMPTY, KNOBS
from vidmem_demo.painting import Updates
from vidmem_demo.session import Session
from vidmem_demo.views import still_view

NAMES = {1: "beast", 2: "car"}
RENDERING = "The example is being rendered on this machine. Only the first time, up to a minute."
LATER = "The new settings count when you stop and start again."


class OnVideos:
    """Upload, example, camera, settings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def upload(self, key: str, path: str | None, *settings: Any) -> Updates:
        """A file came: its first picture at once."""
        if path is None:
            return self._desk.same()
        source, folder = Path(path), self._desk.sessions.folder(key)
        own = folder / f"upload-{time.monotonic_ns()}{source.suffix}"

        def clip() -> Clip:
            os.link(source, own)
            return FileClip(own, source.name)

        updates = self._desk.open(key, clip, settings)
        source.unlink(missing_ok=True)
        session = self._desk.sessions.get(key)
        if session is None or getattr(session.clip, "path", None) != own:
            own.unlink(missing_ok=True)
        return updates | {self._desk.page.upload: None}

    def example(self, key: str, *settings: Any) -> Iterator[Updates]:
        """The clip made by the world, with a box for each of its objects."""
        if not is_example_there():
            yield {self._desk.page.stage: EMPTY | {"hint": RENDERING, "state": "opening"}}

        def suggested(session: Session) -> None:
            session.take({0: example_clip()[1]}, NAMES)

        yield self._desk.open(key, lambda: example_clip()[0], settings, then=suggested)
        yield self._desk.change(key, lambda session: session.show_ahead())

    def camera_picture(self, key: str, image: np.ndarray | None, *settings: Any) -> Updates:
        """The browser's camera sent a picture."""
        if image is None:
            return self._desk.same()
        session = self._desk.sessions.get(key)
        if session is None or not session.is_camera:
            clip = CameraClip()
            updates = self._desk.open(key, lambda: clip, settings, frame=Frame(image, 0, 0.0))
            clip.offer(image, time.monotonic())
            return updates
        assert isinstance(session.clip, CameraClip)
        session.clip.offer(image, time.monotonic())
        if not session.show(Frame(np.ascontiguousarray(image), 0, 0.0)):
            return self._desk.same()
        view = still_view(session, DepthPainter())
        # A click meanwhile answers by itself: this picture would hide its answer.
        return self._desk.same() if session.is_clicked else {self._desk.page.stage: view}

    def family(self, key: str, family: str) -> Updates:
        """Another family comes with settings of its own."""
        return self.settings(key, *settings_of(config_of(family)))

    def settings(self, key: str, *settings: Any) -> Updates:
        """Other settings mean another engine: at once, or when what is under way was stopped."""
        session, config = self._desk.sessions.get(key), config_for(*settings)
        updates = self._desk.same()
        try:
            self._desk.sessions.engine(config)
        except VidmemError as error:
            self._desk.tell(str(error))
            config = session.engine.config if session else Config()
        else:
            if session is not None and session.seen == 0 and not session.running:
                updates = self._desk.anew(key, session, settings)
                updates |= self._desk.change(key, lambda fresh: fresh.show_ahead())
            elif session is not None and not session.is_over:
                self._desk.tell(LATER)
        shown = [getattr(self._desk.page, name) for name in KNOBS]
        return updates | dict(zip(shown, settings_of(config), strict=True))
