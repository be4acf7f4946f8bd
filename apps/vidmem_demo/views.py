"""What the page shows of a session, as values."""

from collections.abc import Iterable
from html import escape
from typing import Any, Literal

from vidmem import ObjectState
from vidmem.sinks import DepthPainter
from vidmem_demo.pictures import colour_of, draw, fit, jpeg
from vidmem_demo.running import Live
from vidmem_demo.session import Session

State = Literal["ready", "running", "paused", "ended", "stopped"]
WORDS = {
    "ready": "ready", "running": "running", "paused": "paused", "ended": "finished",
    "stopped": "stopped",
}  # fmt: skip
HINTS = {
    "running": "Click on the picture to pause and correct.",
    "paused": "Click to correct this frame, choose another, or continue.",
    "ended": "To correct a frame, choose it and click; for files see Download.",
    "stopped": "Start begins again, with all clicks. Until then, files are under Download.",
}


def state_of(session: Session) -> State:
    """Where the run is."""
    if session.running:
        return "running"
    if session.stopped:
        return "stopped"
    if session.is_over:
        return "ended"
    return "paused" if session.seen else "ready"


def live_view(session: Session, live: Live, painter: DepthPainter) -> dict[str, Any]:
    """One streamed frame."""
    result = live.result
    assert result is not None
    frame = result.frame
    picture = jpeg(draw(frame.image, result.masks.labels))
    depth = jpeg(painter(result.depth, fit(frame.size))) if result.depth else ""
    return _value(session, picture, depth, result.objects) | {
        "state": "running",
        "frame": frame.index,
    }


def still_view(session: Session, painter: DepthPainter) -> dict[str, Any]:
    """The shown frame with its clicks and what they would give."""
    frame = session.frame
    known = session.answer(frame)
    labels = session.preview
    if labels is None and known is not None:
        labels = known.masks.labels
    marks = session.marks
    picture = jpeg(draw(frame.image, labels, marks.at(frame.index), marks.corner))
    depth = ""
    if known is not None and known.depth is not None:
        depth = jpeg(painter(known.depth, fit(frame.size)))
    return _value(session, picture, depth, known.objects if known else ())


def _value(
    session: Session, masks: str, depth: str, objects: Iterable[ObjectState]
) -> dict[str, Any]:
    height, width = session.frame.size
    off = not session.engine.config.depth.enabled
    state = state_of(session)
    return {
        "masks": masks,
        "depth": depth,
        "hint": "",
        "depth_hint": "Depth is switched off." if off else "Depth appears while it runs.",
        "name": session.clip.name,
        "tags": [_tag(known, width, height) for known in objects if known.box],
        "width": width,
        "height": height,
        "frame": session.frame.index,
        "state": state,
        "status": _status(session, state) + "".join(map(_object, objects)),
        "say": _say(session, state),
        "corner": session.marks.corner,
    }


def _tag(state: ObjectState, width: int, height: int) -> dict[str, Any]:
    """An object's name where its box begins, in percent of the picture."""
    assert state.box is not None
    left, top = 100 * state.box[0] / width, 100 * state.box[1] / height
    return {"text": state.name, "colour": colour_of(state.object_id), "left": left, "top": top}


def _status(session: Session, state: State) -> str:
    count, live = session.clip.frame_count, session.live
    parts = [f"<span class='vm-state'>{WORDS[state]}</span>"]
    parts.append(f"<span>frame <b>{session.frame.index}</b>{f' / {count}' if count else ''}</span>")
    if live.result is not None:
        used, budget = live.result.memory_bytes / 2**20, session.engine.config.memory.budget_mb
        parts.append(f"<span><b>{live.frames_per_second:.1f}</b> frames/s</span>")
        parts.append(f"<span>memory <b>{used:.0f}</b> / {budget} MB</span>")
    return "".join(parts)


def _object(state: ObjectState) -> str:
    return (
        f"<span><i class='vm-dot' style='--object:{colour_of(state.object_id)}'></i>"
        f"{escape(state.name)} {state.status}</span>"
    )


def _say(session: Session, state: State) -> str:
    """What can be done now."""
    work, marks = session.work, session.marks
    if work.message:
        return work.message
    if marks.corner is not None:
        return "Now click on the opposite corner of the box."
    if work.corrected and state == "paused":
        return f"Continue runs again from frame {min(work.corrected)}."
    if state != "ready":
        return HINTS[state]
    if not marks.by_frame:
        return "Click on an object. Then press Start."
    answered = f"Answered in {session.preview_ms / 1000:.2f} s. " if session.preview_ms else ""
    return f"{answered}Click again to improve it, or press Start."


def object_colours(session: Session) -> str:
    """A style for the list of objects: each has its own colour."""
    rules = "".join(
        f"#objects label:nth-of-type({row}) {{ --object: {colour_of(i)}; }}"
        for row, i in enumerate(sorted(session.names), 1)
    )
    return f"<style>{rules}</style>"
