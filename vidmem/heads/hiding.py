"""Hidden or lost: what is to be thought of an object that is no longer seen.

Between depth and refinement. What went bit by bit within the picture went behind something; what
went at once, or over the border, has gone away. Depth is asked too: the place where the object
should be is remembered, and how far it was; a nearer surface there means that it is behind that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Float32

from vidmem.heads.occlusion import COVERED, covered_share, inverse_depth_of
from vidmem.types import Depth, Features, Masks, Recall

PRESENT = 0.5
SHRUNK = 0.8
"""Of the usual area: less is partly hidden, so its place is moved on, not measured."""
MANNER = 2.0
"""Evidence in how it went."""
NEARER_EVIDENCE, NOT_NEARER_EVIDENCE = 0.25, 0.1
"""Per frame; that nothing is nearer says less, for how far the object was is a guess."""
MOST_DEPTH_EVIDENCE = 1.5
STRIDE = 4
"""Working pixels per pixel of a remembered place."""
FOLLOW = 0.3
"""How fast speed and usual area follow."""
COASTS = 4
"""Frames that a place moves on after the object is gone."""
PREFIX = "hiding."


@dataclass(frozen=True, slots=True, eq=False)
class Whereabouts:
    """Where one object was, or should be."""

    place: Float32[np.ndarray, "rows columns"]
    """0 to 1 at stride 4."""
    area: float
    inverse: float
    """Inverse depth when it was last whole."""
    scene: float
    x: float
    y: float
    across: float = 0.0
    """Working pixels per frame."""
    down: float = 0.0
    gone: float = 0.0
    """Frames since it was seen."""
    shrinking: float = 0.0
    """Frames in a row that it was partly hidden before it went."""
    manner: float = 0.0
    """Evidence from how it went; positive: hidden behind something."""
    covered: float = 0.0
    """Evidence from depth."""

    def numbers(self) -> list[float]:
        """All but the place."""
        return [
            self.area, self.inverse, self.scene, self.x, self.y, self.across, self.down,
            self.gone, self.shrinking, self.manner, self.covered,
        ]  # fmt: skip


def tell_hidden(
    features: Features, recall: Recall, masks: Masks, depth: Depth | None
) -> tuple[Masks, Depth | None]:
    """``masks`` with ``occluded`` decided for what is absent, and ``depth`` remembering why.

    Without depth nothing changes.
    """
    if depth is None or not masks.ids:
        return masks, depth
    before = recall.previous.depth if recall.previous else None
    known = _read(before.state) if before else {}
    states: dict[int, Whereabouts] = {}
    occluded = list(masks.occluded)
    for i, object_id in enumerate(masks.ids):
        seen = masks.presence[i] >= PRESENT
        inside = (masks.logits[i] > 0).cpu().numpy()
        if seen and inside.any():
            states[object_id] = _seen(inside, depth, known.get(object_id))
        elif object_id in known:
            states[object_id] = _judged(known[object_id], features, depth)
            occluded[i] = states[object_id].manner + states[object_id].covered >= 0
    told = replace(masks, occluded=tuple(occluded))
    return told, replace(depth, state={**depth.state, **_written(states)})


def _seen(inside: np.ndarray, depth: Depth, known: Whereabouts | None) -> Whereabouts:
    """An object in view; while it is partly hidden, its place is where it was going."""
    area = float(inside.sum())
    rows, columns = np.nonzero(inside)
    x, y = float(columns.mean()), float(rows.mean())
    inverse = inverse_depth_of(depth, inside) or 0.0
    place = _small(inside)
    fresh = Whereabouts(place, area, inverse, float(depth.scene), x, y)
    if known is None or known.gone > COASTS:
        return fresh
    if area < SHRUNK * known.area:
        moved = _moved(known, known.across, known.down)
        return replace(moved, shrinking=known.shrinking + 1, gone=0.0)
    across = (1 - FOLLOW) * known.across + FOLLOW * (x - known.x)
    down = (1 - FOLLOW) * known.down + FOLLOW * (y - known.y)
    usual = (1 - FOLLOW) * known.area + FOLLOW * area
    return replace(fresh, area=usual, across=across, down=down)


def _judged(known: Whereabouts, features: Features, depth: Depth) -> Whereabouts:
    """An object out of view: the place goes on with the scene, and its depth is asked."""
    across, down = _scene_motion(known, features)
    if known.gone < COASTS:
        across, down = known.across, known.down
    now = replace(_moved(known, across, down), gone=known.gone + 1)
    if not known.gone:
        inside = known.shrinking > 0 and not _at_border(known.place)
        now = replace(now, manner=MANNER if inside else -MANNER)
    height, width = depth.inverse.shape
    expected = cv2.resize(now.place, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    share, asked = covered_share(
        depth, expected=expected, object_inverse=known.inverse, scene=int(known.scene)
    )
    if asked < COVERED:
        return now
    change = NEARER_EVIDENCE if share >= COVERED else -NOT_NEARER_EVIDENCE
    limit = MOST_DEPTH_EVIDENCE
    return replace(now, covered=float(np.clip(now.covered + change, -limit, limit)))


def _at_border(place: Float32[np.ndarray, "rows columns"]) -> bool:
    """Whether the place reaches the left, right or upper border; feet may be cut off."""
    inside = place > 0.5
    return bool(inside[0].any() or inside[:, 0].any() or inside[:, -1].any() or not inside.any())


def _scene_motion(known: Whereabouts, features: Features) -> tuple[float, float]:
    """How the surface at the place moved since the last frame."""
    if features.flow is None:
        return 0.0, 0.0
    small = features.flow[::STRIDE, ::STRIDE][: known.place.shape[0], : known.place.shape[1]]
    there = known.place[: small.shape[0], : small.shape[1]] > 0.5
    if not there.any():
        return 0.0, 0.0
    x, y = np.median(small[there], 0)
    return -float(x), -float(y)


def _moved(known: Whereabouts, across: float, down: float) -> Whereabouts:
    shift = np.array([[1, 0, across / STRIDE], [0, 1, down / STRIDE]], np.float32)
    height, width = known.place.shape
    place = cv2.warpAffine(known.place, shift, (width, height))
    return replace(known, place=place, x=known.x + across, y=known.y + down)


def _small(inside: np.ndarray) -> Float32[np.ndarray, "rows columns"]:
    height, width = inside.shape
    size = (max(1, width // STRIDE), max(1, height // STRIDE))
    small: np.ndarray = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small


def _read(state: Mapping[str, torch.Tensor]) -> dict[int, Whereabouts]:
    if f"{PREFIX}ids" not in state:
        return {}
    ids = state[f"{PREFIX}ids"].tolist()
    rows = zip(
        ids, state[f"{PREFIX}places"].numpy(), state[f"{PREFIX}numbers"].tolist(), strict=True
    )
    return {int(i): Whereabouts(place, *numbers) for i, place, numbers in rows}


def _written(states: Mapping[int, Whereabouts]) -> dict[str, torch.Tensor]:
    if not states:
        return {}
    numbers = [each.numbers() for each in states.values()]
    return {
        f"{PREFIX}ids": torch.tensor(list(states), dtype=torch.int64),
        f"{PREFIX}places": torch.from_numpy(np.stack([each.place for each in states.values()])),
        f"{PREFIX}numbers": torch.tensor(numbers, dtype=torch.float64),
    }
