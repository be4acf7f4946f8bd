"""One look at a remembered keyframe: flow both ways, motion, triangulation, one unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.flow import flow, forward_backward_error, warp
from vidmem.heads.geometry import partners
from vidmem.heads.geometry.camera import inverted, rigid
from vidmem.heads.geometry.current import GRID, Current, grid_points
from vidmem.heads.geometry.fusion import join
from vidmem.heads.geometry.scale import Tie, joined_scale, log_scale
from vidmem.heads.geometry.two_view import parallax_px, relative_pose, triangulate
from vidmem.types import Keyframe

FLOW_ERROR_PX = 1.5
LEAST_PARALLAX_PX = 1.0
STARTING_PARALLAX_PX = 4.0
"""The first look fixes the unit: it waits for more."""
FEWEST = 60
CHAIN_DOUBT = 1e-4
"""Variance by which the carried depth counts less than the remembered one: chains drift."""
LEAST_SHARE = 0.05
"""Of the picture that must be triangulated."""
LEAST_TURN_COSINE = 0.9994
"""Agreement, within 2 degrees, of a rotation seen in the pictures with a given pose."""
LEAST_SHIFT_COSINE = 0.9
"""Agreement of the direction of the shift with it."""
FAR_AWAY = 1e6
"""Variance of what stood before the first look."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    flow: Float32[np.ndarray, "h w 2"]
    inverse: Float32[np.ndarray, "h w"]
    variance: Float32[np.ndarray, "h w"]
    good: Bool[np.ndarray, "h w"]
    motion: Float[np.ndarray, "4 4"]
    """Points from here to there, in the unit of ``inverse``."""
    scaled: bool
    """The unit is already the video's."""


def candidates(now: Current, kept: Sequence[Keyframe]) -> list[Keyframe]:
    """Keyframes worth a look, best first."""
    known = [k for k in kept if bool(k.state["known"])]
    if not now.started or not known:
        return partners.by_travel(kept, now.travel_px)
    grid = (slice(None, None, 4 * GRID), slice(None, None, 4 * GRID))
    points = (now.rays[grid] / now.inverse[grid][..., None]).reshape(-1, 3).astype(np.float64)
    pixels = grid_points(now.grey.shape, 4 * GRID)
    best = partners.by_parallax(known, points, pixels, now.pose, now.camera)
    return best or partners.by_travel(kept, now.travel_px)


def look_at(now: Current, partner: Keyframe) -> Current:
    """``now`` with what the partner shows joined; unchanged where it shows nothing."""
    look = _look(now, partner)
    if look is None:
        return now
    known = bool(partner.state["known"])
    if not look.scaled:
        length = _length(now, partner, look)
        if length is None:
            return now
        motion = look.motion.copy()
        motion[:3, 3] *= length
        look = replace(
            look,
            inverse=look.inverse / np.float32(length),
            variance=look.variance / np.float32(length**2),
            motion=motion,
        )
        if known or not now.started:
            now = replace(now, pose=partner.state["pose"].numpy() @ motion)
    if not now.started:
        now = replace(now, variance=np.full_like(look.variance, FAR_AWAY), started=True)
    inverse, variance = join(now.inverse, now.variance, look.inverse, look.variance, look.good)
    return replace(now, inverse=inverse, variance=variance)


def _look(now: Current, partner: Keyframe) -> _Look | None:
    grey = partner.state["grey"].numpy()
    offsets = flow(now.grey, grey)
    error = forward_backward_error(offsets, flow(grey, now.grey))
    usable = (error < FLOW_ERROR_PX) & now.still
    scaled = now.posed and bool(partner.state["known"])
    motion = _motion(now, offsets, usable)
    if scaled:
        given = inverted(partner.state["pose"].numpy()) @ now.pose
        motion = _at_length_of(motion, given)
    if motion is None or np.linalg.norm(motion[:3, 3]) < 1e-6:
        return None
    at = now.rays.copy()
    at[..., 0] += offsets[..., 0] / np.float32(now.camera.fx)
    at[..., 1] += offsets[..., 1] / np.float32(now.camera.fy)
    inverse, variance, good = triangulate(
        now.rays, at, motion=motion, focal=now.camera.fx, flow_error=error, usable=usable
    )
    if good.sum() < LEAST_SHARE * good.size:
        return None
    return _Look(offsets, inverse, variance, good, motion, scaled)


def _motion(
    now: Current, offsets: Float32[np.ndarray, "h w 2"], usable: Bool[np.ndarray, "h w"]
) -> Float[np.ndarray, "4 4"] | None:
    """From the essential matrix, with a unit baseline. None: too little parallax."""
    picked = usable[::GRID, ::GRID].ravel()
    here = grid_points(now.grey.shape, GRID)[picked]
    there = here + offsets[::GRID, ::GRID].reshape(-1, 2)[picked]
    least = LEAST_PARALLAX_PX if now.started else STARTING_PARALLAX_PX
    if len(here) < FEWEST or parallax_px(here, there, now.camera) < least:
        return None
    pose = relative_pose(here, there, now.camera)
    return None if pose is None else rigid(pose.rotation, pose.translation)


def _at_length_of(
    motion: Float[np.ndarray, "4 4"] | None, given: Float[np.ndarray, "4 4"]
) -> Float[np.ndarray, "4 4"]:
    """Direction from the pictures, which see it better than most poses do; length as given."""
    if motion is None:
        return given
    turn = motion[:3, :3] @ given[:3, :3].T
    along = float(motion[:3, 3] @ given[:3, 3]) / (float(np.linalg.norm(given[:3, 3])) + 1e-9)
    # One plane fills the picture: then the pictures cannot tell a shift from a turn.
    if np.trace(turn) < 1 + 2 * LEAST_TURN_COSINE or along < LEAST_SHIFT_COSINE:
        return given
    return rigid(motion[:3, :3], motion[:3, 3] * float(np.linalg.norm(given[:3, 3])))


def _length(now: Current, partner: Keyframe, look: _Look) -> float | None:
    """The baseline in the video's unit, from this frame's depth and the partner's own."""
    if not now.started:
        return float(np.median(look.inverse[look.good]))
    pick = look.good[::3, ::3]
    free = look.inverse[::3, ::3][pick].astype(np.float64)
    spread = look.variance[::3, ::3][pick] / free**2
    carried = now.inverse[::3, ::3][pick].astype(np.float64)
    doubt = now.variance[::3, ::3][pick] / carried**2
    ties: list[Tie | None] = [log_scale(free, carried, 1 / (spread + doubt + 1e-3))]
    if bool(partner.state["known"]):
        both = np.dstack([partner.state["inverse"].numpy(), partner.state["variance"].numpy()])
        stored, doubt = warp(both, look.flow)[::3, ::3][pick].astype(np.float64).T
        doubt = doubt / np.maximum(stored, 1e-6) ** 2
        ratio = now.rays[::3, ::3][pick] @ look.motion[2, :3] + free * look.motion[2, 3]
        ties.append(log_scale(free / ratio, stored, 1 / (spread + doubt + 1e-3)))
    return joined_scale(ties, doubts=(CHAIN_DOUBT, 0.0))
