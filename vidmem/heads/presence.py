"""Is the object there? Followed while it is; looked for over the whole frame while it is not."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vidmem.heads.distractors import Small, beside, reach, share, shrunk
from vidmem.heads.evidence import Evidence, to_logits
from vidmem.heads.moving import leaving
from vidmem.heads.track import HIDING_AREA, Track
from vidmem.types import ObjectMemory, State

ABSENT_LOGIT = -9.0
GONE_AREA = 0.12
"""Of the usual area: less is gone."""
GONE_SUPPORT = 0.5
"""Of the usual evidence: less is something else."""
FOUND_AREA = (0.2, 3.0)
LIKELY = 0.3
FOUND_SUPPORT = 0.77
MEMORY_SHARE = 0.65
"""Of the likeness: stored tokens tell one thing from another better than the classifier."""
FOUND_FRAMES = 2
"""Frames in a row that a lost object is seen before it is believed."""
DOUBTFUL_FRAMES = 3
"""The same where it overlaps what may be another."""
DOUBTFUL_SHARE = 0.1
"""Of its area."""
TAKEN_SHARE = 0.6
"""Of a followed mask that lies on distractors: more, and it is one of them."""
CHANGED_SUPPORT = 0.85
"""Of the usual evidence: with less, what the flow carried here has changed its look."""
CHANGED_AREA = 0.9
"""Of the usual area: with less, something may be hiding it, and its look must not be learned."""
CHANGED_OVERLAP = 0.7
"""Of the mask and the carried one: with less, the mask is something else."""
COMPONENT_OVERLAP = 0.1
COMPONENT_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One object in one frame."""

    logits: Float[Tensor, "h w"]
    presence: float
    reliability: float
    occluded: bool
    track: Track
    distractors: Small
    claim: Bool[np.ndarray, "h w"] | None = None
    """What a prompted mask or box says it lies in: everything outside is something else."""
    changed: bool = False
    """It is where the flow carried it, but looks less and less as it was learned."""
    cues: State | None = None
    """What spoke for it, while it is followed."""

    @property
    def teaches(self) -> bool:
        """Whether the appearance may learn from it."""
        return self.presence > 0.5 and self.reliability > 0.5 and not self.occluded


def judge(evidence: Evidence, known: ObjectMemory, others: Small) -> Sighting:
    """Follow or find one object, knowing where its distractors are."""
    track = Track.of(known)
    if track.lost_frames:
        return _find(evidence, track, others)
    return _follow(evidence, track, others)


def _follow(evidence: Evidence, track: Track, others: Small) -> Sighting:
    total, logits = _here(evidence)
    strangers, track = track.strangers((logits > 0).numpy(), evidence.flow)
    if strangers is not None:
        evidence, others = evidence.without(strangers), np.maximum(others, shrunk(strangers))
        total, logits = _here(evidence)
    inside = logits > 0
    area = float(inside.sum())
    usual = track.area_px or area
    appearance, memory = _support(evidence, inside)
    seen = min(1.0, area / max(1.0, GONE_AREA * usual) / 2)
    trusted = min(1.0, max(0.0, appearance / max(1e-3, GONE_SUPPORT * track.appearance)) / 2)
    presence = min(seen, trusted)
    is_other = share(inside.numpy(), others) > TAKEN_SHARE
    if presence < 0.5 or is_other:
        gone = replace(track, lost_frames=1.0, seen_frames=0.0)
        nothing = torch.full_like(logits, ABSENT_LOGIT)
        return Sighting(nothing, min(presence, 0.4), 0.0, True, gone, others)
    others = beside(_likely(evidence), inside.numpy(), others)
    reliability = float(np.clip(appearance / max(1e-3, track.appearance), 0, 1))
    cues = evidence.cues(total)
    hiding = Sighting(logits, presence, 0.5 * reliability, True, track, others, cues=cues)
    if area < HIDING_AREA * usual:
        return hiding
    changed = reliability < CHANGED_SUPPORT and area > CHANGED_AREA * usual
    changed = changed and _agrees(inside, evidence.carried > 0.5)
    track = track.sure(appearance, memory, inside.numpy(), evidence.flow)
    return replace(hiding, reliability=reliability, occluded=False, track=track, changed=changed)


def _here(evidence: Evidence) -> tuple[Float[Tensor, "h w"], Float[Tensor, "h w"]]:
    """Summed evidence, and the logits that are believed."""
    total = evidence.here()
    return total, near(to_logits(total), evidence.carried)


def _agrees(inside: Bool[Tensor, "h w"], carried: Bool[Tensor, "h w"]) -> bool:
    """Appearance and flow say nearly the same."""
    return float((inside & carried).sum()) > CHANGED_OVERLAP * float((inside | carried).sum())


def _find(evidence: Evidence, track: Track, others: Small) -> Sighting:
    nothing = torch.full_like(evidence.appearance, ABSENT_LOGIT)
    waiting = replace(track, lost_frames=track.lost_frames + 1, seen_frames=0.0)
    region, doubtful, others = _best_region(evidence, track, others)
    if region is None:
        return Sighting(nothing, 0.0, 0.0, True, waiting, others)
    if track.seen_frames + 1 < (DOUBTFUL_FRAMES if doubtful else FOUND_FRAMES):
        seen = replace(waiting, seen_frames=track.seen_frames + 1)
        return Sighting(nothing, 0.3, 0.0, True, seen, others)
    found = replace(evidence, carried=region.float())
    logits = near(to_logits(found.here()), found.carried)
    return Sighting(logits, 0.8, 0.5, False, track.back(), others)


def _best_region(
    evidence: Evidence, track: Track, others: Small
) -> tuple[Bool[Tensor, "h w"] | None, bool, Small]:
    """The connected region most like the object, if one is enough.

    Also whether it overlaps where distractors may be, as it moves otherwise than they; and the
    distractors now.
    """
    if not evidence.has_memory:
        return None, False, others
    best, best_score, best_doubtful = None, FOUND_SUPPORT, False
    likely = _likely(evidence)
    reached = reach(others, (len(likely), likely.shape[1]))
    around = reached if evidence.flow is None else reached & ~leaving(others, evidence.flow)
    fresh = (likely & ~around).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(fresh)
    for i in range(1, count):
        ratio = stats[i, cv2.CC_STAT_AREA] / max(1.0, track.area_px)
        if not FOUND_AREA[0] <= ratio <= FOUND_AREA[1]:
            continue
        inside, doubtful = labels == i, bool(reached[labels == i].mean() > DOUBTFUL_SHARE)
        score = _likeness(evidence, torch.from_numpy(inside), track, doubtful=doubtful)
        if score > best_score:
            best, best_score, best_doubtful = torch.from_numpy(inside), score, doubtful
    return best, best_doubtful, (shrunk(likely & around) * others.max()).astype(np.uint8)


def _likeness(
    evidence: Evidence, inside: Bool[Tensor, "h w"], track: Track, *, doubtful: bool
) -> float:
    """How much a region is like the object was, 1 for as much; the less of both where doubtful."""
    appearance, memory = _support(evidence, inside)
    looks = min(1.2, appearance / max(1e-3, track.appearance))
    remembered = (1 + memory) / max(1e-3, 1 + track.memory)
    if doubtful:
        return min(looks, remembered)
    return (1 - MEMORY_SHARE) * looks + MEMORY_SHARE * remembered


def _likely(evidence: Evidence) -> Bool[np.ndarray, "h w"]:
    """Where it could be, wherever it was."""
    likely: np.ndarray = (evidence.anywhere() > LIKELY).numpy()
    return likely


def _support(evidence: Evidence, inside: Bool[Tensor, "h w"]) -> tuple[float, float]:
    """Mean appearance and memory evidence over a region."""
    if not bool(inside.any()):
        return 0.0, 0.0
    return float(evidence.appearance[inside].mean()), float(evidence.memory[inside].mean())


def near(logits: Float[Tensor, "h w"], carried: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Without regions that neither touch the carried mask nor are large."""
    inside = (logits > 0).numpy().astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside)
    if count <= 2:
        return logits
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    overlap = np.bincount(labels.ravel(), weights=carried.numpy().ravel(), minlength=count) / areas
    keep = (overlap > COMPONENT_OVERLAP) | (areas > COMPONENT_SHARE * areas[1:].max())
    keep[0] = True
    return torch.where(torch.from_numpy(keep[labels]), logits, logits.clamp(max=-2.0))
