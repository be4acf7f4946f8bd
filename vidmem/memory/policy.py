"""What is kept: decisions from numbers only, no tensors.

``admit`` says whether a stream's tokens of this frame become a page, ``settle`` which page leaves
or changes its tier afterwards. Sources of the rules of ``smart``: recent pages with a stride and
without empty masks, reliability by area, and frames with distractors (DAM4SAM); diversity by Gram
determinant (READMem); eviction by relevance plus freshness (RMem). Each is a switch of
:class:`vidmem.config.MemoryConfig`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from vidmem.config import MemoryConfig
from vidmem.memory.rooms import recent_pages
from vidmem.types import Card, Page, Stream, StreamCard, Tier

PRESENT = 0.5
RELIABLE = 0.6
CERTAIN = 0.8
"""Reliability from which a frame with something alike in it is worth a page (DAM4SAM)."""
AREA_RANGE = (0.8, 1.25)
NOVELTY = 0.02
"""Least share of a new descriptor that the kept ones do not explain."""
FRESHNESS = 0.15
SHARPNESS_RATIO = 0.5
"""A long-term page is at least this sharp, compared with the pages already kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept page as a policy sees it: the frame it came from, and the page."""

    card: Card
    page: Page


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a kept page. ``tier`` None: it leaves."""

    entry: Entry
    tier: Tier | None
    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to a candidate. ``tier`` None: it is not written."""

    tier: Tier | None
    reason: str


def admit(
    stream: Stream, card: Card, kept: Sequence[Entry], *, config: MemoryConfig
) -> Admission | None:
    """Whether ``stream`` gets a page from this frame. None: its turn has not come."""
    seen = card.streams[stream]
    if seen.prompted:
        return Admission(Tier.PINNED, "prompted")
    if config.policy == "fifo":
        return Admission(Tier.RECENT, "latest")
    every_frame = stream.kind == "pointer" or (config.policy == "smart" and config.latest > 0)
    newest = max((entry.card.index for entry in kept), default=-config.stride)
    if not every_frame and card.index - newest < config.stride:
        return None
    if config.policy == "every-k":
        return Admission(Tier.RECENT, f"every {config.stride} frames")
    return Admission(*_trusted(seen, config))


def _trusted(seen: StreamCard, config: MemoryConfig) -> tuple[Tier | None, str]:
    if config.skip_empty and seen.occluded:
        return None, "occluded"
    if config.skip_empty and seen.presence < PRESENT:
        return None, f"absent (presence {seen.presence:.2f})"
    if config.reliability and seen.reliability < RELIABLE:
        return None, f"unreliable ({seen.reliability:.2f})"
    return Tier.RECENT, f"reliable ({seen.reliability:.2f})"


def settle(
    stream: Stream, kept: Sequence[Entry], areas: Sequence[float], *, config: MemoryConfig
) -> list[Change]:
    """Bring a stream's pages back within their limits, after one was admitted.

    Args:
        stream: whose pages.
        kept: all its pages, oldest first.
        areas: the object's area in its last confident frames, as shares of the frame.
        config: the limits.
    """
    older = _older_corrections(kept, config.corrections)
    recent = _of(kept, Tier.RECENT)
    if config.policy != "smart" or stream.kind == "pointer":
        surplus = _surplus(kept, recent, recent_pages(config, stream.kind), config)
        return [Change(entry, None, "oldest") for entry in older + surplus]
    changes = [Change(entry, Tier.LONG_TERM, "older correction") for entry in older]
    changes += _distractors(stream, kept, areas, config)
    gone = [change.entry for change in changes]
    between = _between(recent, config)
    changes += [Change(e, None, "between two turns") for e in between if e not in gone]
    recent = [entry for entry in recent if entry not in gone + between]
    long_term = _of(kept, Tier.LONG_TERM) + older
    for entry in recent[: max(0, len(recent) - config.recent)]:
        others = [e for e in kept if e is not entry and e.page.tier is not Tier.RECENT]
        refusal = _refusal(stream, entry, others, areas, config)
        changes.append(Change(entry, None if refusal else Tier.LONG_TERM, refusal or "new"))
        if not refusal:
            long_term.append(entry)
    while len(long_term) > config.long_term:
        victim = _victim(long_term, config)
        long_term.remove(victim)
        changes = [change for change in changes if change.entry is not victim]
        reason = "least relevance and freshness" if config.relevance else "oldest"
        changes.append(Change(victim, None, reason))
    return changes


def _of(kept: Sequence[Entry], tier: Tier) -> list[Entry]:
    return [entry for entry in kept if entry.page.tier is tier]


def _surplus(
    kept: Sequence[Entry], recent: Sequence[Entry], limit: int, config: MemoryConfig
) -> list[Entry]:
    """Recent pages too many. SAM 2 counts frames, so a prompted one takes a place as well."""
    if config.policy == "fifo":
        return [entry for entry in recent if entry not in kept[-limit:]]
    return list(recent[: max(0, len(recent) - limit)])


def _between(recent: Sequence[Entry], config: MemoryConfig) -> list[Entry]:
    """Pages that were kept only while they were the newest."""
    if not config.latest:
        return []
    older, last, leaving = recent[: -config.latest], None, []
    for entry in older:
        if last is not None and entry.card.index - last < config.stride:
            leaving.append(entry)
        else:
            last = entry.card.index
    return leaving


def _distractors(
    stream: Stream, kept: Sequence[Entry], areas: Sequence[float], config: MemoryConfig
) -> list[Change]:
    """The newest page joins them where something else could be meant; the oldest then leaves."""
    newest, held = kept[-1], _of(kept, Tier.DISTRACTOR)
    seen = newest.card.streams[stream]
    due = not held or newest.card.index - held[-1].card.index > config.stride
    usable = newest.page.tier is Tier.RECENT and seen.ambiguous and seen.reliability > CERTAIN
    if not (config.distractors and due and usable) or not _usual(seen, areas):
        return []
    leaving = held[: max(0, len(held) + 1 - config.distractors)]
    changes = [Change(newest, Tier.DISTRACTOR, "something else looks alike")]
    return changes + [Change(entry, None, "oldest distractor") for entry in leaving]


def _usual(seen: StreamCard, areas: Sequence[float]) -> bool:
    usual = median(areas) if areas else seen.area
    return usual <= 0 or AREA_RANGE[0] <= seen.area / usual <= AREA_RANGE[1]


def _victim(long_term: Sequence[Entry], config: MemoryConfig) -> Entry:
    if config.relevance:
        return min(long_term, key=lambda entry: _worth(entry, long_term))
    return min(long_term, key=lambda entry: entry.card.index)


def _older_corrections(kept: Sequence[Entry], corrections: int) -> list[Entry]:
    """Pinned pages beyond the first prompt, which stays for ever, and the latest corrections."""
    pinned = [entry for entry in kept if entry.page.tier is Tier.PINNED]
    return pinned[1 : max(1, len(pinned) - corrections)]


def _refusal(
    stream: Stream,
    entry: Entry,
    kept: Sequence[Entry],
    areas: Sequence[float],
    config: MemoryConfig,
) -> str | None:
    """Why a page that leaves the recent ring does not become long-term; None if it does."""
    seen = entry.card.streams[stream]
    if config.reliability and not _usual(seen, areas):
        return f"area {seen.area / median(areas):.2f} of the usual"
    sharpness = [e.card.sharpness for e in kept] or [entry.card.sharpness]
    if entry.card.sharpness < SHARPNESS_RATIO * median(sharpness):
        return "blurred"
    if (
        config.diversity
        and novelty(entry.page.descriptor, [e.page.descriptor for e in kept]) < NOVELTY
    ):
        return "nothing new"
    return None


def novelty(descriptor: Sequence[float], kept: Sequence[Sequence[float]]) -> float:
    """Factor by which unit ``descriptor`` raises the Gram determinant of the kept ones, 0 to 1.

    det G(kept + new) / det G(kept) is the squared part of the new one outside their span.
    """
    if not kept:
        return 1.0
    basis = np.asarray(kept, dtype=np.float64)
    new = np.asarray(descriptor, dtype=np.float64)
    gram = basis @ basis.T + 1e-4 * np.eye(len(basis))
    cross = basis @ new
    outside = float(new @ new - cross @ np.linalg.solve(gram, cross))
    return max(0.0, outside)


def _worth(entry: Entry, others: Sequence[Entry]) -> float:
    """Relevance plus a bonus for what was rarely tried (upper confidence bound)."""
    total = 1 + sum(other.page.reads for other in others)
    bonus = FRESHNESS * math.sqrt(math.log(total + 1) / (entry.page.reads + 8))
    return entry.page.relevance + bonus
