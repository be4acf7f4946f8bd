"""What a step becomes: a card for the policy, objects for the memory, states for the user."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np

from vidmem.errors import SourceError
from vidmem.memory import Step
from vidmem.positions import Surface, path_with, position_of
from vidmem.types import (
    Card,
    Depth,
    Features,
    Frame,
    Masks,
    ObjectMemory,
    ObjectState,
    Previous,
    Prompt,
    Recall,
    Stream,
    StreamCard,
)

Status = Literal["visible", "occluded", "lost"]
VISIBLE = 0.5
CONFIDENT = 0.6
AREAS_KEPT = 10
THUMBNAIL_HEIGHT = 54


def check_frame(frame: Frame, previous: Previous | None) -> None:
    """Refuse what cannot be the next frame. Sizes may change, and times may go back.

    Raises:
        SourceError: its number does not go up, its time is no number, or it has no pixels.
    """
    last = -1 if previous is None else previous.index
    if frame.index <= last:
        raise SourceError(
            f"Frame {frame.index} came after frame {last}; indices must go up from 0.",
            remedy="Start a new engine for a new video, or go back with engine.correct.",
        )
    if not math.isfinite(frame.seconds):
        raise SourceError(
            f"Frame {frame.index} has the time {frame.seconds}.", remedy="Give seconds."
        )
    if 0 in frame.size:
        raise SourceError(f"Frame {frame.index} has no pixels.", remedy="Leave it out.")


def make_card(
    frame: Frame,
    features: Features,
    masks: Masks,
    depth: Depth | None,
    prompts: Sequence[Prompt],
    recall: Recall,
    *,
    kinds: Iterable[str] = (),
) -> Card:
    """What a policy may know of this frame; ``kinds``: of streams beside the objects' own."""
    prompted = {prompt.object_id for prompt in prompts}
    streams: dict[Stream, StreamCard] = {}
    for i, object_id in enumerate(masks.ids):
        seen = StreamCard(
            presence=masks.presence[i],
            reliability=masks.reliability[i],
            area=float((masks.logits[i] > 0).float().mean()),
            prompted=object_id in prompted,
            occluded=masks.occluded[i],
            topology_changed=bool(masks.topology_changed) and masks.topology_changed[i],
            ambiguous=bool(masks.ambiguous) and masks.ambiguous[i],
        )
        for kind in dict.fromkeys(("object", *(k for k in kinds if k != "scene"))):
            streams[Stream(kind, object_id)] = seen  # type: ignore[arg-type]
    return Card(
        index=frame.index,
        seconds=frame.seconds,
        sharpness=float(cv2.Laplacian(features.grey, cv2.CV_32F).var()),
        travel_px=depth.travel_px if depth else 0.0,
        scene=depth.scene if depth else 0,
        streams=streams,
    )


def update_objects(
    frame: Frame,
    card: Card,
    masks: Masks,
    recall: Recall,
    surfaces: Mapping[int, Surface],
) -> dict[int, ObjectMemory]:
    """Objects after this frame; a prompt for an unknown one has made it."""
    objects = {}
    for i, object_id in enumerate(masks.ids):
        seen = card.streams[Stream("object", object_id)]
        known = recall.objects.get(object_id) or ObjectMemory(
            object_id, f"object {object_id}", card.index, card.index, card.seconds, 1.0, (), {}
        )
        visible = seen.presence >= VISIBLE and seen.area > 0
        confident = visible and seen.reliability >= CONFIDENT and not seen.occluded
        path, in_world = path_with(known, frame, surfaces.get(object_id))
        objects[object_id] = replace(
            known,
            path=path,
            path_in_world=in_world,
            last_seen=card.index if visible else known.last_seen,
            last_seen_seconds=card.seconds if visible else known.last_seen_seconds,
            presence=masks.presence[i],
            areas=(*known.areas, seen.area)[-AREAS_KEPT:] if confident else known.areas,
            state=masks.state[object_id],
        )
    return objects


def step_of(
    frame: Frame,
    recall: Recall,
    card: Card,
    features: Features,
    masks: Masks,
    depth: Depth | None,
    objects: Mapping[int, ObjectMemory],
) -> Step:
    """What this frame leaves behind, without what can be computed again."""
    carried = replace(masks, labels=None, state={}, attention={}, alternatives={})
    previous = Previous(
        frame.index,
        frame.seconds,
        replace(features, flow=None, tensors={}),
        carried,
        replace(depth, keyframe={}, pages={}) if depth else None,
        recall.step,
    )
    height, width = features.grey.shape
    size = (round(width * THUMBNAIL_HEIGHT / height), THUMBNAIL_HEIGHT)
    return Step(
        card=card,
        previous=previous,
        objects=objects,
        attention=masks.attention,
        thumbnail=cv2.resize(features.image, size, interpolation=cv2.INTER_AREA),
        keyframe=depth.keyframe if depth else {},
        pages=depth.pages if depth else {},
    )


def describe(
    frame: Frame,
    masks: Masks,
    objects: Mapping[int, ObjectMemory],
    surfaces: Mapping[int, Surface],
) -> tuple[ObjectState, ...]:
    """The objects as a user sees them."""
    return tuple(
        _describe(frame, masks, objects[object_id], occluded, surfaces.get(object_id))
        for object_id, occluded in zip(masks.ids, masks.occluded, strict=True)
    )


def _describe(
    frame: Frame, masks: Masks, known: ObjectMemory, occluded: bool, surface: Surface | None
) -> ObjectState:
    rows, columns = np.nonzero(masks.mask(known.object_id))
    box = None
    if len(rows):
        box = (
            float(columns.min()),
            float(rows.min()),
            float(columns.max() + 1),
            float(rows.max() + 1),
        )
    absent: Status = "occluded" if occluded else "lost"
    return ObjectState(
        object_id=known.object_id,
        name=known.name,
        status="visible" if len(rows) else absent,
        presence=known.presence,
        box=box,
        area_px=len(rows),
        unseen_seconds=max(0.0, frame.seconds - known.last_seen_seconds),
        position=None if surface is None else position_of(frame, surface, known),
    )
