"""What is known of the current frame, and how it begins from the one before."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8

from vidmem.flow import warp
from vidmem.heads.geometry.camera import inverted
from vidmem.heads.geometry.corrections import Corrections
from vidmem.heads.geometry.fusion import carry, within
from vidmem.heads.geometry.metres import Metres
from vidmem.heads.geometry.tracking import track_pose
from vidmem.types import Depth, Intrinsics, Keyframe, Masks

GRID = 4
"""Every so many pixels of geometry size take part in finding motions."""
DARK = 3.0
"""Standard deviation of grey below which a picture shows nothing."""
FEWEST = 30
FAINT = 20.0
"""Gradient (Sobel) under which flow is a guess."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A keyframe beside the current frame: what needs no masks, and most of the time."""

    partner: Keyframe
    flow: Float32[np.ndarray, "h w 2"]
    error: Float32[np.ndarray, "h w"]
    """Of going there and back, in working pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """One frame's depth in the making: maps at geometry size, the picture at working size."""

    grey: UInt8[np.ndarray, "height width"]
    rays: Float32[np.ndarray, "h w 3"]
    camera: Intrinsics
    """At working size: errors are told in its pixels."""
    texture: Float32[np.ndarray, "h w"]
    """0 to 1: how much flow has to hold on to."""
    still: Bool[np.ndarray, "h w"]
    """Not on a followed object, which may move."""
    inverse: Float32[np.ndarray, "h w"]
    variance: Float32[np.ndarray, "h w"]
    pose: Float[np.ndarray, "4 4"]
    """Camera to the video's own world."""
    given: Float[np.ndarray, "4 4"] | None
    """Camera to the caller's world in metres: tells the unit, and where nothing else does, motion.
    Sensors disagree by a degree or more, so pictures decide on directions."""
    started: bool
    """Geometry has fixed the unit."""
    metres: Metres
    scene: int
    travel_px: float
    corrections: Corrections
    """Of remembered keyframes."""
    parallax_px: float = 0.0
    """Most parallax of any look in this scene."""
    compared: tuple[Compared, ...] = ()
    """What the next step makes something of."""


def begin_from(now: Current, before: Depth, flow: Float32[np.ndarray, "h w 2"]) -> Current:
    """The previous frame's depth carried here along ``flow`` (at geometry size)."""
    last = stand_at(now, before)
    if not last.started or last is now:
        return now
    inverse, variance = last.inverse, last.variance
    there = along(now.rays, flow, now.camera.fx * flow.shape[1] / now.grey.shape[1])
    known = warp(np.dstack([inverse, variance]), flow) * within(flow)[..., None]
    motion = _tracked(now, known, there)
    carried, spread = carry(inverse, variance, flow, (now.rays, there), motion, focal=now.camera.fx)
    pose = last.pose @ inverted(motion)
    return replace(last, inverse=carried, variance=spread, pose=pose, travel_px=now.travel_px)


def stand_at(now: Current, before: Depth) -> Current:
    """``now`` with what the previous frame knew, as it was there."""
    state = before.state
    inverse = state["inverse"].numpy()
    if inverse.shape != now.inverse.shape:
        return now
    return replace(
        now,
        inverse=inverse,
        variance=state["variance"].numpy(),
        pose=state["pose"].numpy(),
        started=bool(state["started"]),
        metres=Metres(*state["metres"].tolist()),
        scene=before.scene,
        travel_px=before.travel_px,
        corrections=Corrections.read(state),
        parallax_px=float(state["parallax_px"]),
    )


def known_of(now: Current) -> dict[str, torch.Tensor]:
    """For a depth's state: what :func:`stand_at` reads and looks change."""
    return {
        "inverse": torch.from_numpy(now.inverse),
        "variance": torch.from_numpy(now.variance),
        "pose": torch.from_numpy(now.pose),
        "started": torch.tensor(now.started),
        "metres": torch.tensor(now.metres, dtype=torch.float64),
        "parallax_px": torch.tensor(now.parallax_px, dtype=torch.float64),
    }


def along(
    rays: Float32[np.ndarray, "h w 3"], flow: Float32[np.ndarray, "h w 2"], focal: float
) -> Float32[np.ndarray, "h w 3"]:
    """Directions of where ``flow`` points, z = 1; ``focal`` in pixels of the flow."""
    there = rays.copy()
    there[..., :2] += flow / np.float32(focal)
    return there


def _tracked(
    now: Current,
    known: Float32[np.ndarray, "h w 2"],
    there: Float32[np.ndarray, "h w 3"],
) -> Float[np.ndarray, "4 4"]:
    """Motion of points from the previous camera to this one."""
    grid = (slice(None, None, GRID), slice(None, None, GRID))
    both = known[grid].reshape(-1, 2).astype(np.float64)
    use = (both[:, 0] > 0) & now.still[grid].ravel()
    if use.sum() < FEWEST:
        return np.eye(4)
    weights = 1 / (both[use, 1] / both[use, 0] ** 2 + 0.05**2)
    points = there[grid].reshape(-1, 3)[use] / both[use, :1]
    seen = now.rays[grid].reshape(-1, 3)[use, :2].astype(np.float64)
    return track_pose(points, seen, focal=now.camera.fx, start=np.eye(4), weights=weights)


def still_pixels(masks: Masks, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Everything but the followed objects and their rims, at ``size``."""
    if not masks.ids:
        return np.ones(size, bool)
    inside = (masks.logits > 0).any(0).cpu().numpy().astype(np.uint8)
    small = cv2.resize(inside, size[::-1], interpolation=cv2.INTER_NEAREST)
    still: np.ndarray = cv2.dilate(small, np.ones((5, 5), np.uint8)) == 0
    return still


def texture_of(
    grey: UInt8[np.ndarray, "height width"], size: tuple[int, int]
) -> Float32[np.ndarray, "h w"]:
    """0 to 1 from the gradient energy around each pixel, at ``size``."""
    across, down = cv2.spatialGradient(grey)
    energy = across.astype(np.float32) ** 2 + down.astype(np.float32) ** 2
    small = cv2.resize(cv2.blur(energy, (9, 9)), size[::-1], interpolation=cv2.INTER_AREA)
    texture: np.ndarray = np.sqrt(small / (small + FAINT**2))
    return texture
