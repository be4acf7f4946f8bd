"""Depth without weights: geometry from remembered keyframes, one unit for the whole video."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float32

from vidmem.config import DepthConfig
from vidmem.heads.geometry.camera import given_pose, rays_of, working_intrinsics
from vidmem.heads.geometry.current import DARK, Current, begin_from, is_cut, still_pixels
from vidmem.heads.geometry.filling import fill
from vidmem.heads.geometry.fusion import UNKNOWN, confidence_of
from vidmem.heads.geometry.looking import candidates, look_at
from vidmem.heads.geometry.prior import vertical_prior
from vidmem.types import Depth, Features, Frame, Masks, Recall


class GeometricDepth:
    """Closed-form depth (a :class:`vidmem.DepthBase`): a pure function of its arguments.

    Metres where every frame since the start or the last cut came with a pose, else inverse depth
    in a unit that a scene keeps: the median of its first geometry is 1.
    """

    def __init__(self, config: DepthConfig) -> None:
        self._config = config

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """Inverse depth at working size, its confidence, and what the next step needs."""
        now = self._begin(frame, features, recall, masks)
        due = frame.index % self._config.every == 0 or not now.started
        if due and features.grey.std() >= DARK:
            kept = [k for k in recall.keyframes if _usable(now, k.card.scene, k.state)]
            for partner in candidates(now, kept)[: self._config.partners]:
                now = look_at(now, partner)
        now = _finite(now)
        fallback = vertical_prior(now.grey.shape) * np.float32(np.median(now.inverse))
        return _answer(now, fill(now.inverse, now.variance, now.grey, fallback=fallback))

    def _begin(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Current:
        size = features.grey.shape
        degrees = self._config.field_of_view_degrees
        camera = working_intrinsics(frame, size, field_of_view_degrees=degrees)
        pose = given_pose(frame)
        prior = vertical_prior(size)
        now = Current(
            grey=features.grey,
            rays=rays_of(camera, size),
            camera=camera,
            still=still_pixels(masks, size),
            inverse=prior,
            variance=(UNKNOWN * prior) ** 2,
            pose=np.eye(4) if pose is None else pose,
            posed=pose is not None,
            started=False,
            metric=pose is not None,
            scene=0,
            travel_px=0.0,
        )
        before = recall.previous.depth if recall.previous else None
        if recall.previous is None or before is None or features.flow is None:
            return now
        now = replace(now, scene=before.scene, travel_px=before.travel_px)
        last = recall.previous.features.grey
        if is_cut(features.grey, last, features.flow):
            return replace(now, scene=before.scene + 1)
        dark = min(features.grey.std(), last.std()) < DARK
        flow = np.zeros_like(features.flow) if dark else features.flow
        travel = float(np.median(np.linalg.norm(flow[::4, ::4], axis=-1)))
        return begin_from(replace(now, travel_px=before.travel_px + travel), before, flow)


def _usable(now: Current, scene: int, state: object) -> bool:
    """Same unit, same size, and it carries a picture."""
    if scene != now.scene or not isinstance(state, dict) or "grey" not in state:
        return False
    return tuple(state["grey"].shape) == now.grey.shape


def _finite(now: Current) -> Current:
    """Whatever went wrong: no number that is none leaves the house."""
    bad = ~(np.isfinite(now.inverse) & np.isfinite(now.variance) & (now.inverse > 0))
    if not bad.any():
        return now
    usual = np.float32(np.median(now.inverse[~bad]) if (~bad).any() else 1.0)
    return replace(
        now,
        inverse=np.where(bad, usual, now.inverse).astype(np.float32),
        variance=np.where(bad, usual**2, now.variance).astype(np.float32),
    )


def _answer(now: Current, filled: Float32[np.ndarray, "h w"]) -> Depth:
    state = {
        "inverse": torch.from_numpy(now.inverse),
        "variance": torch.from_numpy(now.variance),
        "pose": torch.from_numpy(now.pose),
        "started": torch.tensor(now.started),
    }
    keyframe = {
        **{name: state[name] for name in ("inverse", "variance", "pose")},
        "grey": torch.from_numpy(now.grey),
        "known": torch.tensor(now.started or now.metric),
    }
    return Depth(
        inverse=filled,
        confidence=confidence_of(now.inverse, now.variance),
        metric=now.metric,
        intrinsics=now.camera,
        scene=now.scene,
        state=state,
        keyframe=keyframe,
        travel_px=now.travel_px,
    )
