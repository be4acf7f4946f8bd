"""What the page shows of a session, as values."""

from collections.abc import Sequence
from html import escape
from typing import Any

from vidmem import ObjectState
from vidmem.sinks import DepthPainter
from vidmem_demo.pictures import colour_of, draw, fit, jpeg
from vidmem_demo.running import Live
from vidmem_demo.session import Session

WORDS = {"ready": "ready", "running": "running", "paused": "paused", "ended": "finished"}


def state_of(session: Session) -> str:
    """ready, running, paused or ended."""
    if session.running:
        return "running"
    if session.work.ended:
        return "ended"
    return "paused" if session.seen else "ready"


def live_view(session: Session, live: Live, painter: DepthPainter) -> dict[str, Any]:
    """One streamed frame."""
    result = live.result
    assert result is not None
    frame = result.frame
    picture = draw(frame.image, result.masks.labels, result.objects)
    depth = painter(result.depth, fit(frame.size)) if result.depth else None
    return _value(session, jpeg(picture), jpeg(depth) if depth is not None else "", live) | {
        "state": "running",
        "frame": frame.index,
    }


def still_view(session: Session, painter: DepthPainter) -> dict[str, Any]:
    """The shown frame with its clicks and what they would give."""
    frame = session.frame
    known = session.recording.answer(frame)
    prompts, corner = session.marks.at(frame.index), session.marks.corner
    labels = session.preview
    if labels is None and known is not None:
        labels = known.masks.labels
    objects: Sequence[ObjectState] = known.objects if known is not None else ()
    shown = [state for state in objects if state.object_id in session.names]
    picture = draw(frame.image, labels, shown, prompts, corner)
    depth = ""
    if known is not None and known.depth is not None:
        depth = jpeg(painter(known.depth, fit(frame.size)))
    return _value(session, jpeg(picture), depth, session.live)


def _value(session: Session, masks: str, depth: str, live: Live) -> dict[str, Any]:
    height, width = session.frame.size
    state = state_of(session)
    off = not session.engine.config.depth.enabled
    return {
        "masks": masks,
        "depth": depth,
        "hint": "",
        "depth_hint": "Depth is switched off." if off else "Depth appears while it runs.",
        "width": width,
        "height": height,
        "frame": session.frame.index,
        "state": state,
        "status": _status(session, live, state),
        "corner": session.marks.corner,
    }


def _status(session: Session, live: Live, state: str) -> str:
    count = session.clip.frame_count
    index = session.frame.index
    parts = [f"<span class='vm-state'>{WORDS[state]}</span>"]
    parts.append(f"<span>frame <b>{index}</b>{f' of {count}' if count else ''}</span>")
    if live.result is not None:
        budget = session.engine.config.memory.budget_mb
        parts.append(f"<span><b>{live.frames_per_second:.1f}</b> frames/s</span>")
        parts.append(
            f"<span>memory <b>{live.result.memory_bytes / 2**20:.0f}</b> of {budget} MB</span>"
        )
    parts += [_object(o) for o in (live.result.objects if live.result and session.seen else ())]
    if session.work.message:
        parts.append(f"<span class='vm-say'>{escape(session.work.message)}</span>")
    elif state == "ready" and not session.marks.by_frame:
        parts.append("<span class='vm-say'>Click on an object, then press Start.</span>")
    elif state != "running" and session.preview is not None and session.preview_ms:
        parts.append(f"<span class='vm-say'>preview in {session.preview_ms:.0f} ms</span>")
    return "".join(parts)


def _object(state: ObjectState) -> str:
    return (
        f"<span><i class='vm-dot' style='--object:{colour_of(state.object_id)}'></i>"
        f"{escape(state.name)} {state.status}</span>"
    )


def object_colours(session: Session) -> str:
    """A style for the list of objects: each has its own colour."""
    rules = "".join(
        f"#objects label:nth-of-type({row}) {{ border-left: 6px solid {colour_of(i)}; }}"
        for row, i in enumerate(sorted(session.names), 1)
    )
    return f"<style>{rules}</style>"
