"""Start, pause, stop, go back, and the stream of pictures in between."""

import time
from collections.abc import Iterator
from typing import Any

from vidmem import VidmemError
from vidmem.sinks import DepthPainter
from vidmem_demo.desk import Desk
from vidmem_demo.downloads import command_line, write_downloads
from vidmem_demo.painting import Updates, nothing
from vidmem_demo.session import Session
from vidmem_demo.timeline import timeline
from vidmem_demo.views import live_view

TIMELINE_SECONDS = 0.7
"""Between drawings of the memory while it runs."""


class OnRunning:
    """Everything about time, and the files at the end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, key: str, *settings: Any) -> Iterator[Updates]:
        """Start or go on and stream; while it runs, pause."""
        session = self._desk.sessions.get(key)
        if session is None:
            yield self._desk.same()
            return
        if session.running:
            session.pause()
            yield self._desk.paint(session)
            return
        if session.is_over and session.clip.seekable:
            painted, over = self._desk.anew(key, session, settings), session
            session = self._desk.sessions.get(key)
            if session is None or session is over:
                yield painted
                return
        yield self._desk.attempt(session, session.start)
        yield from self._stream(session)
        session.pause()
        if self._desk.sessions.get(key) is session:
            if session.work.message:
                self._desk.tell(session.work.message)
            yield self._desk.paint(session)

    def stop(self, key: str) -> Updates:
        """Back to the first frame; what was computed stays until the next start."""
        session = self._desk.sessions.get(key)
        if session is not None and session.is_camera:
            self._desk.sessions.end(key)
            return nothing(self._desk.page)
        return self._desk.change(key, lambda session: session.stop())

    def go_to(self, key: str, index: float) -> Updates:
        """Show a frame that was seen."""
        session = self._desk.sessions.get(key)
        if session is None or session.running:
            return self._desk.same()
        return self._desk.attempt(session, lambda: session.go_to(int(index)))

    def move(self, key: str, by: int) -> Updates:
        """One frame back or forth."""
        session = self._desk.sessions.get(key)
        return self._desk.same() if session is None else self.go_to(key, session.frame.index + by)

    def download(self, key: str, kinds: list[str]) -> Updates:
        """Write the files that were asked for."""
        import gradio as gr

        session, page = self._desk.sessions.get(key), self._desk.page
        if session is None or session.running:
            self._desk.tell("Load a video first." if session is None else "Pause first.")
            return self._desk.same()
        try:
            files = write_downloads(session, kinds)
        except VidmemError as error:
            self._desk.tell(str(error))
            return self._desk.same()
        return {
            page.files: gr.update(value=[str(path) for path in files], visible=bool(files)),
            page.command: command_line(session),
        }

    def _stream(self, session: Session) -> Iterator[Updates]:
        painter, count, drawn = DepthPainter(), session.live.count, 0.0
        while session.running:
            live = session.work.wait(count)
            if live.count == count or live.result is None:
                continue
            count, now = live.count, time.monotonic()
            updates: Updates = {self._desk.page.stage: live_view(session, live, painter)}
            if now - drawn > TIMELINE_SECONDS:
                drawn = now
                # The buttons too: another event may have painted them from before the start.
                painted, page = self._desk.paint(session), self._desk.page
                updates |= {part: painted[part] for part in (page.start, page.stop, page.frame)}
                updates[page.memory] = timeline(session)
            yield updates
