"""Clicks, and the objects they are for."""

from typing import Any

from vidmem_demo.desk import Desk
from vidmem_demo.marks import Tool
from vidmem_demo.painting import Updates


class OnObjects:
    """Everything about objects."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def click(self, key: str, tool: Any, place: tuple[int, int], how: str) -> Updates:
        """A click on the picture; while it runs, the first one only pauses."""
        session = self._desk.sessions.get(key)
        if session is None:
            return self._desk.same()
        if session.running:
            session.pause()
            return self._desk.paint(session)
        wanted: Tool = "cut" if how == "cut" else tool
        return self._desk.attempt(session, lambda: session.click(place, wanted))

    def choose(self, key: str, object_id: int) -> Updates:
        """Clicks are for this object now."""
        return self._desk.change(key, lambda session: session.choose(int(object_id)))

    def new_object(self, key: str) -> Updates:
        """One more object."""
        return self._desk.change(key, lambda session: session.new_object())

    def rename(self, key: str, name: str) -> Updates:
        """Name the chosen object."""
        return self._desk.change(key, lambda session: session.rename(name))

    def remove(self, key: str) -> Updates:
        """Forget the chosen object."""
        return self._desk.change(key, lambda session: session.remove_object())

    def undo(self, key: str) -> Updates:
        """Take back a click."""
        return self._desk.change(key, lambda session: session.undo())
