"""Patches merged pair by pair, likest first: every union on the way may be an object."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vidmem.heads.superpixels import Patches

BINS = 8
EDGE_STEP = 30.0
"""A colour step across a boundary that counts as 1."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What makes two neighbours alike: weights of colour and texture, of edge and of size."""

    look: float
    edge: float
    size: float


LIKENESSES = (
    Likeness(1.0, 0.0, 1.0),
    Likeness(1.0, 1.0, 1.0),
    Likeness(0.3, 0.5, 1.0),
    Likeness(0.5, 1.0, 0.0),
)
"""Several, because no single one fits all objects (Uijlings et al. 2013)."""


def looks_of_patches(
    image: UInt8[np.ndarray, "h w 3"], labels: Int[np.ndarray, "h w"]
) -> Float[np.ndarray, "n bins"]:
    """Counts of Lab colour and of gradient strength."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = lab[..., 0]
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    planes = (light / 100, (lab[..., 1] + 60) / 120, (lab[..., 2] + 60) / 120, np.log1p(slope) / 5)
    count = int(labels.max()) + 1
    parts = []
    for plane in planes:
        bins = np.clip((plane * BINS).astype(int), 0, BINS - 1)
        joined = np.bincount((labels * BINS + bins).ravel(), minlength=count * BINS)
        parts.append(joined.reshape(count, BINS))
    return np.concatenate(parts, 1).astype(float)


def unions(
    patches: Patches, looks: Float[np.ndarray, "n bins"], likeness: Likeness
) -> Bool[np.ndarray, "unions n"]:
    """Which patches every union holds, from the first merge to the whole picture."""
    return np.stack(list(_Merging(patches, looks, likeness).all()))


class _Merging:
    def __init__(
        self, patches: Patches, looks: Float[np.ndarray, "n bins"], likeness: Likeness
    ) -> None:
        self._likeness = likeness
        self._total = float(patches.sizes.sum())
        self._members = dict(enumerate(np.eye(len(patches.sizes), dtype=bool)))
        self._looks = dict(enumerate(looks))
        self._sizes = dict(enumerate(patches.sizes))
        steps = patches.edges * patches.contacts
        self._near: dict[int, dict[int, np.ndarray]] = {
            i: {int(j): np.array([row[j], steps[i, j]]) for j in np.flatnonzero(row)}
            for i, row in enumerate(patches.contacts)
        }

    def all(self) -> Iterator[np.ndarray]:
        queue = [(self._cost(i, j), i, j) for i in self._near for j in self._near[i] if i < j]
        heapify(queue)
        while queue:
            _, i, j = heappop(queue)
            if i in self._near and j in self._near:
                new = self._merge(i, j)
                yield self._members[new]
                for other in self._near[new]:
                    heappush(queue, (self._cost(other, new), other, new))

    def _cost(self, i: int, j: int) -> float:
        """Selective search's similarities, turned round, and the edge between."""
        contact, steps = self._near[i][j]
        a, b = self._sizes[i], self._sizes[j]
        common = np.minimum(self._looks[i] / a, self._looks[j] / b).sum()
        unlike = 1 - common * BINS / len(self._looks[i])
        weights = self._likeness
        edge = steps / contact / EDGE_STEP
        size = (a + b) / self._total
        return float(weights.look * unlike + weights.edge * edge + weights.size * size)

    def _merge(self, i: int, j: int) -> int:
        new = len(self._members)
        for values in (self._members, self._looks, self._sizes):
            values[new] = values[i] + values[j]
        near: dict[int, np.ndarray] = {}
        for old in (i, j):
            for other, contact in self._near.pop(old).items():
                if other not in (i, j):
                    near[other] = near.get(other, np.zeros(2)) + contact
                    self._near[other].pop(old)
        for other, contact in near.items():
            self._near[other][new] = contact
        self._near[new] = near
        return new
