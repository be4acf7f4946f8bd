"""The memory as a picture: what is kept per object and for the scene, why, and how much it is read.

Plain HTML and SVG: no script, no plotting library.
"""

from collections.abc import Mapping, Sequence
from html import escape
from math import isnan

import numpy as np

from vidmem.types import Decision, Keyframe, Stream
from vidmem_demo.pictures import colour_of, jpeg, outlined
from vidmem_demo.session import Session

POINTS = 240
"""Of a presence curve, however long the video."""
LINES = 14
"""Of the log."""
MARKS = 160
"""Of one stream's strip."""
SCENE = Stream("scene")
NOTHING = (
    "<p class='vm-empty'>What is remembered shows up here: the keyframes kept for every object "
    "and for the scene, why, and how much attention each receives.</p>"
)
LEGEND = (
    "<p class='vm-legend'>Percent: attention this frame pays to a keyframe. Strip: over time, "
    "<i></i> kept, <i></i> dropped.</p>"
)
SIGNS = {"admit": "kept", "evict": "dropped", "skip": "not kept", "promote": "promoted"}


def timeline(session: Session) -> str:
    """The whole panel."""
    frames = session.seen
    if not frames:
        return NOTHING
    keyframes = session.engine.memory.keyframes
    decisions = tuple(session.recording.decisions)
    streams = [Stream("object", i) for i in sorted(session.names)]
    rows = [
        _row(session, stream, keyframes, decisions, frames)
        for stream in [*streams, SCENE]
        if any(stream in k.pages for k in keyframes)
        or any(d.stream == str(stream) for d in decisions)
    ]
    return "".join((LEGEND, *rows, _presence(session, frames), _log(session, decisions)))


def _row(
    session: Session,
    stream: Stream,
    keyframes: Sequence[Keyframe],
    decisions: Sequence[Decision],
    frames: int,
) -> str:
    kept = [k for k in keyframes if stream in k.pages]
    attention = session.live.attention.get(stream, {})
    labels = session.recording.small_labels
    cards = "".join(_card(k, stream, attention, labels.get(k.card.index)) for k in kept)
    colour = "var(--vm-scene)" if stream == SCENE else colour_of(stream.object_id)
    title = escape(_name(session, str(stream)))
    dropped = len(_dropped(stream, kept, decisions))
    count = f"{len(kept)} keyframe{'s' * (len(kept) != 1)} kept"
    return (
        f"<section class='vm-row' style='--object:{colour}'><h4><i></i>{title}"
        f"<small>{count}{f', {dropped} dropped' if dropped else ''}</small></h4>"
        f"<div class='vm-cards'>{cards}</div>{_strip(stream, kept, decisions, frames)}</section>"
    )


def _card(
    keyframe: Keyframe, stream: Stream, attention: Mapping[int, float], labels: np.ndarray | None
) -> str:
    page, index = keyframe.pages[stream], keyframe.card.index
    share = attention.get(index, 0.0)
    bar, read = "", "read for depth"
    if page.slot >= 0:
        bar = f"<span class='vm-read'><b style='width:{share:.0%}'></b></span><u>{share:.0%}</u>"
        read = f"{share:.0%} of the attention now, {page.relevance:.0%} on average"
    return (
        f"<figure class='vm-card' title='frame {index}, {page.tier}: {read}'>"
        f"<img alt='frame {index}' src='{_thumbnail(keyframe, stream, labels)}'>{bar}"
        f"<figcaption>{index} <em>{page.tier}</em></figcaption></figure>"
    )


def _thumbnail(keyframe: Keyframe, stream: Stream, labels: np.ndarray | None) -> str:
    image = keyframe.thumbnail if keyframe.thumbnail.size else np.zeros((9, 16, 3), np.uint8)
    if stream != SCENE and labels is not None:
        image = outlined(image, labels, stream.object_id)
    return jpeg(image, quality=70)


def _dropped(
    stream: Stream, kept: Sequence[Keyframe], decisions: Sequence[Decision]
) -> dict[int, str]:
    """Frames that were keyframes, and why they are not any more."""
    alive = {k.card.index for k in kept}
    return {
        d.keyframe: d.reason
        for d in decisions
        if d.stream == str(stream) and d.action == "evict" and d.keyframe not in alive
    }


def _strip(
    stream: Stream, kept: Sequence[Keyframe], decisions: Sequence[Decision], frames: int
) -> str:
    """Every keyframe over time: a full tick is kept, a hollow one was dropped."""
    gone = sorted(_dropped(stream, kept, decisions).items())[-MARKS:]
    ticks = [_tick(k.card.index, frames, "kept", f"frame {k.card.index}: kept") for k in kept] + [
        _tick(i, frames, "gone", f"frame {i}: dropped, {reason}") for i, reason in gone
    ]
    return (
        f"<svg class='vm-strip' viewBox='0 0 1000 14' preserveAspectRatio='none' role='img' "
        f"aria-label='keyframes over time'>{''.join(ticks)}</svg>"
    )


def _tick(index: int, frames: int, kind: str, title: str) -> str:
    x = 4 + 992 * index / max(1, frames - 1)
    return (
        f"<rect class='{kind}' x='{x - 2:.1f}' y='1' width='4' height='12'>"
        f"<title>{escape(title)}</title></rect>"
    )


def _presence(session: Session, frames: int) -> str:
    lines = []
    for object_id, curve in sorted(session.recording.presence.items()):
        if object_id not in session.names:
            continue
        step = max(1, -(-len(curve) // POINTS))
        points = " ".join(
            f"{1000 * i / max(1, frames - 1):.1f},{4 + 72 * (1 - curve[i]):.1f}"
            for i in range(0, len(curve), step)
            if not isnan(curve[i])
        )
        lines.append(
            f"<polyline points='{points}' style='stroke:{colour_of(object_id)}'>"
            f"<title>{escape(session.names[object_id])}</title></polyline>"
        )
    return (
        "<section class='vm-row'><h4>Presence<small>top: surely there, bottom: surely not, "
        f"frames 0 to {frames - 1}</small></h4>"
        "<svg class='vm-presence' viewBox='0 0 1000 80' preserveAspectRatio='none' role='img' "
        "aria-label='presence of every object over time'>"
        f"<line x1='0' x2='1000' y1='40' y2='40'/>{''.join(lines)}</svg></section>"
    )


def _log(session: Session, decisions: Sequence[Decision]) -> str:
    known = {"scene", *(f"object:{i}" for i in session.names)}
    latest = [d for d in reversed(decisions) if d.stream in known][:LINES]
    rows = "".join(
        f"<tr><td>{d.frame}</td><td>{escape(_name(session, d.stream))}</td>"
        f"<td class='{d.action}'>{SIGNS[d.action]}"
        f"{f' {d.keyframe}' if d.keyframe != d.frame else ''}</td><td>{escape(d.reason)}</td></tr>"
        for d in latest
    )
    return (
        "<section class='vm-row'><h4>Decisions<small>newest first</small></h4>"
        "<div class='vm-log'><table><thead><tr><th>frame</th><th>object</th><th>keyframe</th>"
        f"<th>why</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _name(session: Session, stream: str) -> str:
    kind, _, number = stream.partition(":")
    if kind == "scene":
        return "scene"
    return session.names.get(int(number), f"object {number}")
