"""Depth that remembers: any base's answer, corrected by tokens of earlier frames (MAMo-style)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from vidmem.heads.base_depth import begin_depth
from vidmem.heads.geometry.current import still_pixels
from vidmem.heads.memory_clues import Clues, clues_of, grid_of
from vidmem.heads.memory_look import FEATURES, KEY, KINDS, Memorised
from vidmem.heads.memory_motion import Seen
from vidmem.heads.memory_network import Answer, MemoryNetwork
from vidmem.heads.memory_update import by_gradient
from vidmem.protocols import DepthBase
from vidmem.types import (
    Depth,
    Features,
    Frame,
    Masks,
    PageShape,
    Recall,
    State,
    Stream,
    Tokens,
)

SCENE = Stream("scene")
PICKED = (-1,)
"""Remembered keyframes that are read beside the previous frame: a second says nothing more."""
PREFIX = "memory."
Update = Literal["off", "gate", "gradient"]


class MemoryDepth:
    """A :class:`vidmem.DepthBase` around another one: steadier, by what it remembers.

    The base's own state is carried on untouched, so it answers as it would alone.

    Args:
        base: gives the depth that is corrected, and its unit.
        network: trained; a new one changes nothing.
        update: how remembered tokens change after they were read. off: not at all. gate: towards
            the current answer as the network learned. gradient: until this answer and the one
            before agree better, where nothing moves (slower).
    """

    def __init__(self, base: DepthBase, network: MemoryNetwork, *, update: Update = "gate") -> None:
        self._base = base
        self._network = network
        self._update = update

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """The base's depth, corrected; its state with the memory's own beside it."""
        return self.begin(frame, recall)(features)(masks)

    def carry(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """The same with what the base carries, where it can."""
        return self.begin(frame, recall, carried=True)(features)(masks)

    def begin(
        self, frame: Frame, recall: Recall, *, carried: bool = False
    ) -> Callable[[Features], Callable[[Masks], Depth]]:
        """The base's parts; the last one corrects."""
        begun = begin_depth(self._base, frame, recall, carried=carried)

        def go_on(features: Features) -> Callable[[Masks], Depth]:
            finish = begun(features)
            return lambda masks: self._corrected(finish(masks), features, recall, masks)

        return go_on

    def scene_shape(self, features: Features) -> PageShape:
        """One page: the visual and the displacement tokens of a frame."""
        rows, columns = grid_of(features.grey.shape)
        return PageShape(rows * columns, KINDS, KEY, FEATURES + 3)

    def remember_scene(self, depth: Depth) -> Tokens:
        """The tokens that an answer of this head left."""
        return _page(_stored(depth.state))

    def _corrected(self, depth: Depth, features: Features, recall: Recall, masks: Masks) -> Depth:
        clues = clues_of(features, depth, recall)
        before = None if clues.begins or recall.previous is None else recall.previous.depth
        state: State = {} if before is None else before.state
        seen = _seen(clues, state, recall)
        indices = _indices(recall, int(state[f"{PREFIX}since"])) if state else []
        parts = [_stored(state)] if state else []
        parts += [_read(recall, index) for index in indices]
        memory = Memorised.joined(parts) if parts else Memorised.nothing(1)
        decoded = state.get(f"{PREFIX}decoded")
        if self._update == "gradient" and decoded is not None:
            still = torch.from_numpy(still_pixels(masks, clues.log_inverse.shape))[None, None]
            last = state[f"{PREFIX}log_inverse"]
            memory = by_gradient(self._network, seen, memory, decoded, last, still)
        answer = self._network(seen, memory, decoded)
        change = (answer.log_inverse - seen.log_inverse)[0, 0].numpy()
        since = state.get(f"{PREFIX}since", torch.tensor(recall.index))
        return replace(
            depth,
            inverse=depth.inverse * np.exp(_enlarged(change, depth.inverse.shape)),
            state={**depth.state, **_carried(answer, seen, since)},
            pages=self._updated(answer, memory, indices),
        )

    def _updated(self, answer: Answer, memory: Memorised, indices: list[int]) -> dict[int, Tokens]:
        """New versions of the pages that were read; the first part is the previous frame."""
        if self._update == "off" or not indices:
            return {}
        changed = memory if self._update == "gradient" else answer.memory
        pieces = changed.split(1 + len(indices))[1:]
        return {index: _page(piece) for index, piece in zip(indices, pieces, strict=True)}


def _seen(clues: Clues, state: State, recall: Recall) -> Seen:
    image = _maps(clues.image) / 255
    last_pose = state[f"{PREFIX}pose"] if state else torch.eye(4, dtype=torch.float64)
    pose = last_pose @ torch.from_numpy(clues.motion)
    last = image
    if state and recall.previous is not None:
        size = clues.log_inverse.shape[::-1]
        before = recall.previous.features.image
        last = _maps(cv2.resize(before, size, interpolation=cv2.INTER_AREA)) / 255
    camera = clues.camera
    return Seen(
        image=image,
        last_image=last,
        log_inverse=_maps(clues.log_inverse[..., None]),
        confidence=_maps(clues.confidence[..., None]),
        flow=_maps(clues.flow),
        camera=torch.tensor([[camera.fx, camera.fy, camera.cx, camera.cy]]),
        pose=pose[None],
        last_pose=last_pose[None],
    )


def _maps(values: np.ndarray) -> Float[Tensor, "1 c h w"]:
    return torch.from_numpy(values).permute(2, 0, 1)[None].float()


def _indices(recall: Recall, since: int) -> list[int]:
    """Keyframes to read: some way back each, none from before the unit changed."""
    last = -1 if recall.previous is None else recall.previous.index
    kept = [
        keyframe.card.index
        for keyframe in recall.keyframes
        if SCENE in keyframe.pages
        and keyframe.pages[SCENE].slot >= 0
        and since <= keyframe.card.index < last
    ]
    return [kept[place] for place in PICKED if -place <= len(kept)]


def _read(recall: Recall, index: int) -> Memorised:
    """The page of one keyframe, out of the pool."""
    pool = recall.views[SCENE.kind].pages
    slot = next(k.pages[SCENE].slot for k in recall.keyframes if k.card.index == index)
    values = pool.values[slot]
    return Memorised(
        pool.keys[slot][None], values[None, ..., :FEATURES], values[None, :, 0, FEATURES:]
    )


def _page(memory: Memorised) -> Tokens:
    """Points stand beside the features of either kind."""
    points = memory.points[0, :, None].expand(-1, KINDS, -1)
    values = torch.cat([memory.features[0], points], -1)
    return Tokens(memory.keys[0], values, np.ones(1))


def _stored(state: State) -> Memorised:
    """The previous frame's tokens."""
    return Memorised(*(state[f"{PREFIX}{name}"] for name in ("keys", "features", "points")))


def _carried(answer: Answer, seen: Seen, since: Tensor) -> dict[str, Tensor]:
    tokens = answer.tokens
    values = {
        "keys": tokens.keys,
        "features": tokens.features,
        "points": tokens.points,
        "decoded": answer.decoded,
        "log_inverse": answer.log_inverse,
        "pose": seen.pose[0],
        "since": since,
    }
    return {f"{PREFIX}{name}": value for name, value in values.items()}


def _enlarged(
    change: Float32[np.ndarray, "h w"], size: tuple[int, ...]
) -> Float32[np.ndarray, "rows columns"]:
    large: np.ndarray = cv2.resize(change, size[::-1], interpolation=cv2.INTER_LINEAR)
    return large
