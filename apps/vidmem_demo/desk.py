"""What all events share: the session of a tab, messages, and the page that follows from both."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vidmem import Config, Frame, VidmemError
from vidmem.config import config_of
from vidmem_demo.clips import Clip
from vidmem_demo.layout import Page
from vidmem_demo.painting import Updates, nothing, paint
from vidmem_demo.session import Session
from vidmem_demo.sessions import Sessions


class Desk:
    """Between the page and the sessions.

    Args:
        page: the components.
        sessions: of this server.
        tell: shows a message to the person.
    """

    def __init__(self, page: Page, sessions: Sessions, tell: Callable[[str], None]) -> None:
        self.page, self.sessions, self.tell = page, sessions, tell

    def same(self) -> Updates:
        """Nothing changes."""
        import gradio as gr

        return {self.page.stage: gr.skip()}

    def paint(self, session: Session) -> Updates:
        """The page while nothing moves, and the buttons while it runs."""
        return paint(self.page, session)

    def attempt(self, session: Session, what: Callable[[], object]) -> Updates:
        """Do it, or say why not."""
        try:
            what()
        except VidmemError as error:
            self.tell(str(error))
        return self.paint(session)

    def change(self, key: str, what: Callable[[Session], object]) -> Updates:
        """Do it to the tab's session, if it has one."""
        session = self.sessions.get(key)
        return self.same() if session is None else self.attempt(session, lambda: what(session))

    def open(
        self,
        key: str,
        clip: Callable[[], Clip],
        settings: tuple[Any, ...],
        *,
        frame: Frame | None = None,
        then: Callable[[Session], None] | None = None,
    ) -> Updates:
        """A new session for the tab; where that fails the earlier one goes on."""
        try:
            session = self.sessions.open(key, clip(), config_for(*settings), frame=frame)
            if then is not None:
                then(session)
        except VidmemError as error:
            self.tell(str(error))
            old = self.sessions.get(key)
            return nothing(self.page) if old is None else self.paint(old)
        return self.paint(session)

    def anew(self, key: str, session: Session, settings: tuple[Any, ...]) -> Updates:
        """The same clip from its first frame, with all clicks and these settings."""
        marks, names, active = dict(session.marks.by_frame), dict(session.names), session.active

        def as_before(fresh: Session) -> None:
            fresh.take(marks, names)
            fresh.choose(active)

        return self.open(key, lambda: session.clip, settings, then=as_before)


def config_for(family: str, refine: Any, budget_mb: float, long_term: float, depth: bool) -> Config:
    """A family's own configuration with what was set on the page."""
    config = config_of(family)
    memory = replace(config.memory, budget_mb=int(budget_mb), long_term=int(long_term))
    return replace(
        config,
        memory=memory,
        refine=replace(config.refine, by=refine),
        depth=replace(config.depth, enabled=bool(depth)),
    )


def settings_of(config: Config) -> tuple[str, str, int, int, bool]:
    """What the page shows for a configuration: the arguments of ``config_for``."""
    memory = config.memory
    return (
        config.family, config.refine.by, memory.budget_mb, memory.long_term, config.depth.enabled,
    )  # fmt: skip
