"""What every component of the page should show now."""

from typing import Any

from vidmem.sinks import DepthPainter
from vidmem_demo.downloads import command_line
from vidmem_demo.layout import EMPTY, Page
from vidmem_demo.session import Session
from vidmem_demo.timeline import NOTHING, timeline
from vidmem_demo.views import object_colours, state_of, still_view

Updates = dict[Any, Any]
START = {
    "ready": "Start",
    "running": "Pause",
    "paused": "Continue",
    "ended": "Start again",
    "stopped": "Start",
}


def nothing(page: Page) -> Updates:
    """The page before a video."""
    import gradio as gr

    off = gr.update(interactive=False)
    return {
        page.stage: EMPTY,
        page.start: gr.update(value="Start", interactive=False),
        **dict.fromkeys((page.stop, page.back, page.forth, page.frame), off),
        page.memory: NOTHING,
    }


def paint(page: Page, session: Session) -> Updates:
    """The page while nothing moves, and the buttons while it runs."""
    import gradio as gr

    state, index, last = state_of(session), session.frame.index, session.seen - 1
    running = state == "running"
    updates: Updates = {
        page.start: gr.update(value=START[state], interactive=True),
        page.stop: gr.update(interactive=state in ("running", "paused")),
        page.back: gr.update(interactive=not running and session.clip.seekable and index > 0),
        page.forth: gr.update(interactive=not running and session.clip.seekable and index < last),
        page.objects: gr.update(choices=_choices(session), value=session.active),
        page.name: session.names[session.active],
        page.colours: object_colours(session),
        page.frame: gr.update(
            maximum=max(1, last),
            value=min(index, max(1, last)),
            interactive=not running and last > 0 and session.clip.seekable,
        ),
    }
    if not running:
        updates[page.stage] = still_view(session, DepthPainter())
        updates[page.memory] = timeline(session)
        updates[page.command] = command_line(session)
    return updates


def _choices(session: Session) -> list[tuple[str, int]]:
    return [(name, object_id) for object_id, name in sorted(session.names.items())]
