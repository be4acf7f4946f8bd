"""How a frame's depth begins: at the place of the previous one, then carried along the flow."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from vidmem.flow import warp
from vidmem.heads.geometry.camera import (
    geometry_size,
    given_pose,
    rays_of,
    shrunk,
    small_camera,
    working_intrinsics,
)
from vidmem.heads.geometry.corrections import Corrections
from vidmem.heads.geometry.current import (
    DARK,
    Current,
    begin_from,
    stand_at,
    still_pixels,
    texture_of,
)
from vidmem.heads.geometry.cuts import is_cut
from vidmem.heads.geometry.fusion import UNKNOWN
from vidmem.heads.geometry.metres import Metres
from vidmem.heads.geometry.prior import vertical_prior
from vidmem.types import Depth, Features, Frame, Intrinsics, Number, Previous, Recall
from vidmem.working import working_picture


def begin(
    frame: Frame, features: Features, recall: Recall, *, field_of_view_degrees: Number
) -> Current:
    """The frame before any look at keyframes; a new scene after a cut.

    Args:
        frame: its camera and pose, where given.
        features: grey picture and flow at working size.
        recall: the previous step.
        field_of_view_degrees: assumed, where the camera is not known.
    """
    now = _of_frame(frame, features.grey, field_of_view_degrees)
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
    offsets = shrunk(flow)
    still = _still_before(recall.previous, offsets)
    now = replace(now, still=still, travel_px=before.travel_px + travel)
    return begin_from(now, before, offsets)


def begin_early(frame: Frame, recall: Recall, *, field_of_view_degrees: Number) -> Current | None:
    """The frame's picture at the place of the previous one: what is known before its features.

    None: nothing is.
    """
    previous = recall.previous
    if previous is None or previous.depth is None:
        return None
    grey = working_picture(frame.image, previous.features.grey.shape)[1]
    now = _of_frame(frame, grey, field_of_view_degrees)
    return stand_at(now, previous.depth)


def at_previous(previous: Previous, depth: Depth) -> Current:
    """The previous frame again, as its ``depth`` was answered."""
    given = depth.state["given"].numpy()
    pose = given if np.isfinite(given).all() else None
    now = _blank(previous.features.grey, depth.intrinsics, pose)
    still = still_pixels(previous.masks, now.inverse.shape)
    return stand_at(replace(now, still=still), depth)


def _of_frame(
    frame: Frame, grey: UInt8[np.ndarray, "height width"], field_of_view_degrees: Number
) -> Current:
    camera = working_intrinsics(frame, grey.shape, field_of_view_degrees=field_of_view_degrees)
    return _blank(grey, camera, given_pose(frame))


def _blank(
    grey: UInt8[np.ndarray, "height width"],
    camera: Intrinsics,
    given: Float[np.ndarray, "4 4"] | None,
) -> Current:
    small = geometry_size(grey.shape)
    prior = vertical_prior(small)
    return Current(
        grey=grey,
        rays=rays_of(small_camera(camera, grey.shape), small),
        camera=camera,
        texture=texture_of(grey, small),
        still=np.ones(small, bool),
        inverse=prior,
        variance=(UNKNOWN * prior) ** 2,
        pose=np.eye(4),
        given=given,
        started=False,
        metres=Metres(),
        scene=0,
        travel_px=0.0,
        corrections=Corrections.empty(),
    )


def _still_before(
    previous: Previous, offsets: Float32[np.ndarray, "h w 2"]
) -> Bool[np.ndarray, "h w"]:
    """Where nothing that is followed was in the previous frame, brought along to this one."""
    still = still_pixels(previous.masks, offsets.shape[:2])
    return still if still.all() else warp((~still).astype(np.float32), offsets) < 0.5
