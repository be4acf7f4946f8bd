"""Loops: where an old place is seen again, the way since then is bent until both agree."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from vidmem.flow import flow, forward_backward_error, warp
from vidmem.heads.geometry.camera import inverted, rigid, shrunk
from vidmem.heads.geometry.current import GRID, Current, along
from vidmem.heads.geometry.fusion import within
from vidmem.heads.geometry.looking import FLOW_ERROR_PX
from vidmem.heads.geometry.pose_graph import (
    DOUBTS,
    SURE,
    Edges,
    Similarities,
    chain,
    difference,
    joined,
    solve,
)
from vidmem.heads.geometry.scale import log_scale
from vidmem.heads.geometry.tracking import track_pose
from vidmem.types import Keyframe

LEAST_SHARE = 0.25
"""Of the picture that must be found again in the keyframe."""
AGREEING_PX = 2.0
LEAST_AGREEING = 0.6
"""Share of what was found that must be seen where the keyframe's depth says."""
KNOWN = 0.3
"""Relative standard deviation of depth that is compared."""
LEAST_ERROR = np.array([0.03] * 3 + [0.05] * 3 + [0.05])
"""Radians, units, log of the unit: less is not worth a correction."""


def close_loop(now: Current, place: Keyframe, kept: Sequence[Keyframe]) -> Current:
    """With the error of the way spread over it, where ``place`` is seen again; else unchanged.

    Args:
        now: the current frame.
        place: the keyframe that may show the same, as corrected.
        kept: all keyframes of the scene with a known depth, as corrected, oldest first.
    """
    measured = _measured(now, place)
    if measured is None:
        return now
    here = _nodes([place.state["pose"].numpy()], [0.0])
    there = _nodes([now.pose], [0.0])
    error = difference(there.seen_from(here), measured)[0]
    if (np.abs(error) < LEAST_ERROR).all():
        return now
    since = [k for k in kept if k.card.index >= place.card.index]
    poses = [*(k.state["pose"].numpy() for k in since), now.pose]
    nodes = _nodes(poses, [0.0] * len(poses))
    way = chain(nodes, np.array([*(k.card.travel_px for k in since), now.travel_px]))
    edges = Edges(
        np.append(way.start, 0),
        np.append(way.end, len(since)),
        joined(way.measured, measured),
        np.concatenate([way.doubts, SURE * DOUBTS[None]]),
    )
    solved = solve(nodes, edges)
    longer = np.float32(np.exp(solved.log_unit[-1]))
    return replace(
        now,
        corrections=now.corrections.within(kept).changed(since, solved.at(slice(-1))),
        metres=now.metres.in_unit(float(longer)),
        pose=rigid(solved.turn[-1], solved.place[-1]),
        inverse=now.inverse / longer,
        variance=now.variance / longer**2,
    )


def _measured(now: Current, place: Keyframe) -> Similarities | None:
    """The current camera seen from the keyframe's: where its depth is seen, and how large."""
    grey = place.state["grey"].numpy()
    offsets = shrunk(flow(now.grey, grey))
    scale = now.grey.shape[1] / offsets.shape[1]
    error = scale * forward_backward_error(offsets, shrunk(flow(grey, now.grey, preset="fast")))
    both = warp(
        np.dstack([place.state["inverse"].numpy(), place.state["variance"].numpy()]), offsets
    )
    known = (both[..., 0] > 0) & (both[..., 1] < (KNOWN * both[..., 0]) ** 2)
    found = ((error < FLOW_ERROR_PX) & now.still & within(offsets) & known)[::GRID, ::GRID]
    if found.mean() < LEAST_SHARE:
        return None
    inverse = both[::GRID, ::GRID][found][:, :1].astype(np.float64)
    points = along(now.rays, offsets, now.camera.fx / scale)[::GRID, ::GRID][found] / inverse
    seen = now.rays[::GRID, ::GRID][found][:, :2].astype(np.float64)
    focal = float(now.camera.fx)
    motion = track_pose(points, seen, focal=focal, start=np.eye(4), weights=np.ones(len(points)))
    moved = points @ motion[:3, :3].T + motion[:3, 3]
    ahead = moved[:, 2] > 1e-3
    off = focal * np.linalg.norm(moved[:, :2] / np.maximum(moved[:, 2:], 1e-3) - seen, axis=1)
    agree = ahead & (off < AGREEING_PX)
    if agree.mean() < LEAST_AGREEING:
        return None
    own = now.inverse[::GRID, ::GRID][found].astype(np.float64)
    doubt = now.variance[::GRID, ::GRID][found] / own**2
    weights = (agree & (doubt < KNOWN**2)) / (doubt + 1e-3)
    tie = log_scale(own, 1 / np.maximum(moved[:, 2], 1e-3), weights)
    if tie is None:
        return None
    return _nodes([inverted(motion)], [tie.log])


def _nodes(poses: Sequence[Float[np.ndarray, "4 4"]], log_units: Sequence[float]) -> Similarities:
    stacked = np.stack(poses)
    return Similarities(stacked[:, :3, :3], stacked[:, :3, 3], np.array(log_units, np.float64))
