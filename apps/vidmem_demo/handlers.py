"""What happens on the page: every event ends in a picture of the session."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vidmem import Config, Frame, VidmemError
from vidmem.config import config_of
from vidmem.sinks import DepthPainter
from vidmem_demo.clips import CameraClip, Clip, FileClip, example_clip
from vidmem_demo.downloads import command_line, write_downloads
from vidmem_demo.layout import Page
from vidmem_demo.painting import Updates, nothing, paint
from vidmem_demo.session import Session
from vidmem_demo.sessions import Sessions
from vidmem_demo.timeline import timeline
from vidmem_demo.views import live_view, still_view

TIMELINE_SECONDS = 0.7
"""Between drawings of the memory while it runs."""
NAMES = {1: "beast", 2: "car"}


class Handlers:
    """Functions for the page's events; they share nothing but the sessions.

    Args:
        page: the components.
        sessions: of this server.
        tell: shows a message to the person.
    """

    def __init__(self, page: Page, sessions: Sessions, tell: Callable[[str], None]) -> None:
        self._page, self._sessions, self._tell = page, sessions, tell

    def upload(self, key: str, path: str | None, *settings: Any) -> Updates:
        """A file came: its first picture at once."""
        if path is None:
            return self._same()
        source, folder = Path(path), self._sessions.folder(key)

        def clip() -> Clip:
            own = folder / f"upload-{time.monotonic_ns()}{source.suffix}"
            os.link(source, own)
            return FileClip(own, source.name)

        updates = self._open(key, clip, settings)
        source.unlink(missing_ok=True)
        return updates

    def example(self, key: str, *settings: Any) -> Updates:
        """The clip made by the world, with a box for each of its objects."""

        def suggested(session: Session) -> None:
            session.take_suggestions(example_clip()[1], NAMES)

        return self._open(key, lambda: example_clip()[0], settings, then=suggested)

    def camera_picture(self, key: str, image: np.ndarray | None, *settings: Any) -> Updates:
        """The browser's camera sent a picture."""
        if image is None:
            return self._same()
        session = self._sessions.get(key)
        if session is None or not session.is_camera:
            clip = CameraClip()
            updates = self._open(key, lambda: clip, settings, frame=Frame(image, 0, 0.0))
            clip.offer(image, time.monotonic())
            return updates
        assert isinstance(session.clip, CameraClip)
        session.clip.offer(image, time.monotonic())
        if session.running or session.seen or session.marks.by_frame or session.marks.corner:
            return self._same()
        session.show(Frame(np.ascontiguousarray(image), 0, 0.0))
        return {self._page.stage: still_view(session, DepthPainter())}

    def click(self, key: str, tool: Any, place: tuple[int, int], how: str) -> Updates:
        """A click on the picture; while it runs, the first one only pauses."""
        session = self._sessions.get(key)
        if session is None:
            return self._same()
        if session.running:
            session.pause()
            return self._paint(session)
        return self._try(session, lambda: session.click(place, "cut" if how == "cut" else tool))

    def start(self, key: str) -> Iterator[Updates]:
        """Start or go on and stream; while it runs, pause."""
        session = self._sessions.get(key)
        if session is None:
            yield self._same()
            return
        if session.running:
            session.pause()
            yield self._paint(session)
            return
        yield self._try(session, session.start)
        yield from self._stream(session)
        session.pause()
        if self._sessions.get(key) is session:
            if session.work.message:
                self._tell(session.work.message)
            yield self._paint(session)

    def stop(self, key: str, *settings: Any) -> Updates:
        """Forget what was computed; the clicks on the first frame stay."""
        session = self._sessions.get(key)
        if session is None:
            return self._same()
        if session.is_camera:
            self._sessions.end(key)
            return nothing(self._page)
        prompts, names, clip = session.marks.at(0), dict(session.names), session.clip

        def as_before(fresh: Session) -> None:
            fresh.take_suggestions(prompts, names)

        return self._open(key, lambda: clip, settings, then=as_before)

    def go_to(self, key: str, index: float) -> Updates:
        """Show a frame that was seen."""
        session = self._sessions.get(key)
        if session is None or session.running:
            return self._same()
        return self._try(session, lambda: session.go_to(int(index)))

    def move(self, key: str, by: int) -> Updates:
        """One frame back or forth."""
        session = self._sessions.get(key)
        return self._same() if session is None else self.go_to(key, session.frame.index + by)

    def choose(self, key: str, object_id: int) -> Updates:
        """Clicks are for this object now."""
        return self._change(key, lambda session: session.choose(int(object_id)))

    def new_object(self, key: str) -> Updates:
        """One more object."""
        return self._change(key, lambda session: session.new_object())

    def rename(self, key: str, name: str) -> Updates:
        """Name the chosen object."""
        return self._change(key, lambda session: session.rename(name))

    def remove(self, key: str) -> Updates:
        """Forget the chosen object."""
        return self._change(key, lambda session: session.remove_object())

    def undo(self, key: str) -> Updates:
        """Take back a click."""
        return self._change(key, lambda session: session.undo())

    def settings(self, key: str, *settings: Any) -> Updates:
        """Other settings mean another engine: begin again."""
        session = self._sessions.get(key)
        if session is None or session.is_camera:
            return self._same()
        return self.stop(key, *settings)

    def download(self, key: str, kinds: list[str]) -> Updates:
        """Write the files that were asked for."""
        import gradio as gr

        session = self._sessions.get(key)
        if session is None or session.running:
            self._tell("Load a video first." if session is None else "Pause first.")
            return self._same()
        try:
            files = write_downloads(session, kinds)
        except VidmemError as error:
            self._tell(str(error))
            return self._same()
        page = self._page
        return {
            page.files: gr.update(value=[str(path) for path in files], visible=bool(files)),
            page.command: command_line(session),
        }

    def _same(self) -> Updates:
        import gradio as gr

        return {self._page.stage: gr.skip()}

    def _open(
        self,
        key: str,
        clip: Callable[[], Clip],
        settings: tuple[Any, ...],
        *,
        frame: Frame | None = None,
        then: Callable[[Session], None] | None = None,
    ) -> Updates:
        try:
            config = config_for(*settings)
            session = self._sessions.open(key, clip(), config, frame=frame)
            if then is not None:
                then(session)
        except VidmemError as error:
            self._tell(str(error))
            old = self._sessions.get(key)
            return nothing(self._page) if old is None else self._paint(old)
        return self._paint(session)

    def _stream(self, session: Session) -> Iterator[Updates]:
        painter, count, drawn = DepthPainter(), session.live.count, 0.0
        while session.running:
            live = session.work.wait(count)
            if live.count == count or live.result is None:
                continue
            count, now = live.count, time.monotonic()
            updates: Updates = {self._page.stage: live_view(session, live, painter)}
            if now - drawn > TIMELINE_SECONDS:
                drawn = now
                # The buttons too: another event may have painted them from before the start.
                painted, page = self._paint(session), self._page
                updates |= {part: painted[part] for part in (page.start, page.stop)}
                updates[page.memory] = timeline(session)
            yield updates

    def _change(self, key: str, what: Callable[[Session], object]) -> Updates:
        session = self._sessions.get(key)
        return self._same() if session is None else self._try(session, lambda: what(session))

    def _try(self, session: Session, what: Callable[[], object]) -> Updates:
        try:
            what()
        except VidmemError as error:
            self._tell(str(error))
        return self._paint(session)

    def _paint(self, session: Session) -> Updates:
        return paint(self._page, session)


def config_for(family: str, budget_mb: float, long_term: float, depth: bool) -> Config:
    """A family's own configuration with what was set on the page."""
    config = config_of(family)
    memory = replace(config.memory, budget_mb=int(budget_mb), long_term=int(long_term))
    return replace(config, memory=memory, depth=replace(config.depth, enabled=bool(depth)))
