"""One look at a remembered keyframe: flow both ways, motion, triangulation, one unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.flow import flow, forward_backward_error, warp
from vidmem.heads.geometry import partners
from vidmem.heads.geometry.camera import inverted, shrunk
from vidmem.heads.geometry.current import GRID, Compared, Current, along
from vidmem.heads.geometry.fusion import join, within
from vidmem.heads.geometry.prior import vertical_prior
from vidmem.heads.geometry.scale import Tie, joined_scale, log_scale
from vidmem.heads.geometry.two_view import (
    POSE_DOUBT,
    TRACKED_DOUBT,
    Matches,
    parallax_px,
    relative_motion,
    triangulate,
)
from vidmem.types import Keyframe, Recall

FLOW_ERROR_PX = 1.5
STANDING_PX = 0.3
"""Where half of the picture moved less, the camera stands, whatever the rest does."""
LEAST_PARALLAX_PX = 0.8
GOOD_PX = 0.2
"""Forward-backward error of the flow where it is good."""
FEWEST = 60
CHAIN_DOUBT = 1e-4
"""Variance by which the carried depth counts less than the remembered one: chains drift."""
LEAST_SHARE = 0.05
"""Of the picture that must be triangulated."""
FAR_AWAY = 1e6
"""Variance of what stood before the first look."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a keyframe shows of the current frame, in a unit of its own."""

    partner: Keyframe
    flow: Float32[np.ndarray, "h w 2"]
    inverse: Float32[np.ndarray, "h w"]
    variance: Float32[np.ndarray, "h w"]
    good: Bool[np.ndarray, "h w"]
    motion: Float[np.ndarray, "4 4"]
    """Points from here to there, in the unit of ``inverse``."""
    parallax_px: float

    def scaled(self, length: float) -> "Look":
        """The same with a baseline ``length`` times as long."""
        motion = self.motion.copy()
        motion[:3, 3] *= length
        return replace(
            self,
            inverse=self.inverse / np.float32(length),
            variance=self.variance / np.float32(length**2),
            motion=motion,
        )


def usable(now: Current, recall: Recall) -> list[Keyframe]:
    """What is remembered in the same unit and size, with a picture, as corrected."""
    return [
        now.corrections.corrected(each)
        for each in recall.keyframes
        if each.card.scene == now.scene
        and isinstance(each.state, dict)
        and "grey" in each.state
        and tuple(each.state["grey"].shape) == now.grey.shape
    ]


def candidates(now: Current, kept: Sequence[Keyframe]) -> list[Keyframe]:
    """Keyframes worth a look, best first."""
    known = [k for k in kept if bool(k.state["known"])]
    if not known or not now.started:
        return partners.by_travel(kept, now.travel_px)
    grid = (slice(None, None, 3 * GRID), slice(None, None, 3 * GRID))
    rays = now.rays[grid].reshape(-1, 3).astype(np.float64)
    points = rays / now.inverse[grid].reshape(-1, 1)
    best = partners.by_parallax(known, points, rays[:, :2], now.pose, now.camera)
    return best or partners.by_travel(kept, now.travel_px)


def compare(now: Current, partner: Keyframe) -> Compared:
    """Where each pixel is in the keyframe's picture."""
    grey = partner.state["grey"].numpy()
    offsets = shrunk(flow(now.grey, grey))
    error = forward_backward_error(offsets, shrunk(flow(grey, now.grey, preset="fast")))
    return Compared(partner, offsets, now.grey.shape[1] / offsets.shape[1] * error)


def looked(now: Current, compared: Iterable[Compared]) -> Current:
    """``now`` with what keyframes show joined."""
    for each in compared:
        look = look_at(now, each)
        now = joined(now, look) if look else now
    return now


def look_at(now: Current, compared: Compared) -> Look | None:
    """Motion and triangulation, where nothing followed is known to be; None: it shows nothing."""
    offsets, error = compared.flow, compared.error
    usable = (error < FLOW_ERROR_PX) & now.still & within(offsets)
    there = along(now.rays, offsets, now.camera.fx * offsets.shape[1] / now.grey.shape[1])
    found = _motion(now, compared.partner, there, np.where(usable, error, np.inf))
    if found is None:
        return None
    motion, parallax = found
    inverse, variance, good = triangulate(
        now.rays, there, motion=motion, focal=now.camera.fx, flow_error=error, usable=usable
    )
    if good.sum() < LEAST_SHARE * good.size:
        return None
    return Look(compared.partner, offsets, inverse, variance, good, motion, parallax)


def joined(now: Current, look: Look) -> Current:
    """``now`` with what the keyframe shows where it is still; unchanged where no unit fits."""
    look, partner = replace(look, good=look.good & now.still), look.partner
    length = _length(now, look) if look.good.any() else None
    if length is None:
        return now
    look = look.scaled(length)
    pose = partner.state["pose"].numpy()
    if bool(partner.state["known"]) or not now.started:
        now = replace(now, pose=pose @ look.motion)
    if now.given is not None:
        pair = now.pose @ inverted(look.motion), partner.state["given"].numpy()
        now = replace(now, metres=now.metres.travelled(now.pose, now.given, [pair]))
    if not now.started:
        now = replace(_flat(now, look), variance=np.full_like(look.variance, FAR_AWAY))
    inverse, variance = join(now.inverse, now.variance, look.inverse, look.variance, look.good)
    most = max(now.parallax_px, look.parallax_px)
    return replace(now, inverse=inverse, variance=variance, parallax_px=most)


def _motion(
    now: Current,
    partner: Keyframe,
    there: Float32[np.ndarray, "h w 3"],
    error: Float32[np.ndarray, "h w"],
) -> tuple[Float[np.ndarray, "4 4"], float] | None:
    """Of points from here to there, with a unit baseline, and the parallax in pixels.

    None: too little parallax.
    """
    picked = np.isfinite(error[::GRID, ::GRID])
    here = now.rays[::GRID, ::GRID][picked].astype(np.float64)
    seen = there[::GRID, ::GRID][picked].astype(np.float64)
    if len(here) < FEWEST:
        return None
    if now.camera.fx * np.median(np.linalg.norm(seen - here, axis=1)) < STANDING_PX:
        return None
    parallax = parallax_px(here, seen, focal=now.camera.fx)
    if parallax < LEAST_PARALLAX_PX:
        return None
    guess = None
    doubt = TRACKED_DOUBT
    if now.given is not None and bool(partner.state["given"].isfinite().all()):
        guess, doubt = inverted(partner.state["given"].numpy()) @ now.given, POSE_DOUBT
    elif now.started and bool(partner.state["known"]):
        guess = inverted(partner.state["pose"].numpy()) @ now.pose
    weights = now.texture[::GRID, ::GRID][picked] / (1 + error[::GRID, ::GRID][picked] / GOOD_PX)
    matches = Matches(here, seen, weights.astype(np.float64))
    motion = relative_motion(matches, focal=now.camera.fx, guess=guess, doubt=doubt)
    return None if motion is None else (motion, parallax)


def _flat(now: Current, look: Look) -> Current:
    """Without what a guess said but for its unit: it would stay where nothing is measured."""
    prior = vertical_prior(now.inverse.shape)
    usual = np.median(now.inverse[look.good]) / np.median(prior[look.good])
    return replace(now, inverse=prior * np.float32(usual), started=True)


def _length(now: Current, look: Look) -> float | None:
    """The baseline in the video's unit, from this frame's depth and the partner's own."""
    if not now.started:  # the guess before geometry chooses the unit, so that nothing jumps
        usual = float(np.median(now.inverse[look.good]))
        return float(np.median(look.inverse[look.good])) / usual
    partner, pick = look.partner, look.good[::2, ::2]
    free = look.inverse[::2, ::2][pick].astype(np.float64)
    spread = look.variance[::2, ::2][pick] / free**2
    carried = now.inverse[::2, ::2][pick].astype(np.float64)
    doubt = now.variance[::2, ::2][pick] / carried**2
    ties: list[Tie | None] = [log_scale(free, carried, 1 / (spread + doubt + 1e-3))]
    if bool(partner.state["known"]):
        both = np.dstack([partner.state["inverse"].numpy(), partner.state["variance"].numpy()])
        stored, doubt = warp(both, look.flow)[::2, ::2][pick].astype(np.float64).T
        doubt = doubt / np.maximum(stored, 1e-6) ** 2
        ratio = now.rays[::2, ::2][pick] @ look.motion[2, :3] + free * look.motion[2, 3]
        ties.append(log_scale(free / ratio, stored, 1 / (spread + doubt + 1e-3)))
    return joined_scale(ties, doubts=(CHAIN_DOUBT, 0.0))
