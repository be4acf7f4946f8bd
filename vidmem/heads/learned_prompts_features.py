"""Numbers for every pixel of a box: the closed form's planes, and the same again after an answer.

The first look has only the box; a later one also has an answer, and so learns what the object and
its surroundings look like (as GrabCut does, Rother et al., 2004) and how far every pixel is from
both without crossing an edge.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from vidmem.heads.contrast import LAB_SCALE, answers_of, classifier_of, looks_of
from vidmem.heads.learned_prompts_cues import INNER, SIDE, Cues, apart_from
from vidmem.statistics import RIDGE, guided

FIRST, LATER = 44, 74
"""Features of a first and of a later look."""
BLURS = (2, 5, 10)
NEIGHBOUR, FAR_NEIGHBOUR = 12, 24
"""Pixels to what is asked beside a pixel."""
BINS = 16
BIN_SIZES = np.array([12.5, 12.0, 12.0]) / LAB_SCALE
TYPICAL = 3000.0
"""Pixels that histograms count, so that one more or less says the same in all of them."""
THIN = 3
"""Of the pixels, every third teaches."""
NEAR_PX, NEAR_SHARE = 12.0, 0.8
SURE, UNSURE = 0.8, 0.25
EDGE_RADIUS, EDGE_EPSILON = 3, 0.005
WITHIN = np.s_[INNER[0] : INNER[1], INNER[0] : INNER[1]]

Plane = Float32[np.ndarray, "side side"]
Stack = Float32[np.ndarray, "side side features"]


def inside_box() -> Bool[np.ndarray, "side side"]:
    """The box in its square."""
    inside = np.zeros((SIDE, SIDE), bool)
    inside[WITHIN] = True
    return inside


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What an answer makes of the whole square."""

    alike: Plane
    """Like the object's appearance and not like its surroundings', -1 to 1."""
    coloured: Plane
    """Log of how much commoner a pixel's colour is in the object."""
    sharp: Plane
    """The answer along the edges of the picture, about -1 to 1."""
    background: Plane
    """Way from the surroundings without crossing an edge, 0 to 1 (:func:`.apart_from`)."""
    object_: Plane
    """The same from the object."""


class Look:
    """What can be asked about one box."""

    def __init__(self, cues: Cues) -> None:
        self._cues = cues
        lab, self._looks = looks_of(cues.image)
        self._lab = np.asarray(lab, np.float32)
        self._outside = ~inside_box() & cues.seen

    @cached_property
    def first(self) -> Stack:
        """Features before there is an answer."""
        planes = list(self._cues.planes)
        unlike, _, apart = planes
        line = np.linspace(-1, 1, SIDE, dtype=np.float32)
        x, y = np.meshgrid(line, line)
        found = [each for plane in planes for each in (plane, *_blurred(plane))]
        found += [each for plane in planes for each in _beside(plane, NEIGHBOUR)]
        found += [np.sqrt(apart), apart / (1e-3 + apart[WITHIN].max())]
        found += [x * x, y * y, y, abs(x), np.maximum(x * x, y * y)]
        found += [each for plane in (unlike, apart) for each in _ranked(plane)]
        kernel = np.ones((3, 3), np.uint8)
        step = cv2.dilate(self._lab, kernel) - cv2.erode(self._lab, kernel)
        edge = np.linalg.norm(step, axis=-1)
        around = self._lab[self._outside].mean(0) if self._outside.any() else np.zeros(3)
        found += [edge, cv2.GaussianBlur(edge, (0, 0), 3), *np.moveaxis(self._lab - around, -1, 0)]
        rare = self._rarity(inside_box().astype(float), self._outside.astype(float))
        found += [rare, cv2.GaussianBlur(rare, (0, 0), 2)]
        return np.stack(found, -1).astype(np.float32)

    def context(self, answer: Plane) -> Context:
        """Learn from an answer (probability, 0 outside the box) what is object and what is not."""
        rest = (1 - answer) * self._cues.seen
        slope, offset = guided(self._lab, 2 * answer - 1, radius=EDGE_RADIUS, epsilon=EDGE_EPSILON)
        return Context(
            alike=self._alike(answer, rest),
            coloured=self._rarity(answer**2, rest**2),
            sharp=((slope * self._lab).sum(-1) + offset).astype(np.float32),
            background=apart_from(self._lab, (answer < UNSURE) | ~inside_box()),
            object_=apart_from(self._lab, answer >= min(SURE, float(answer.max()))),
        )

    def after(self, answer: Plane, context: Context) -> Stack:
        """The first look's features, and what an answer and its context add."""
        logit = np.log((answer + 0.02) / (1.02 - answer)).astype(np.float32)
        alike, coloured = context.alike, context.coloured
        background, object_ = context.background, context.object_
        found = [logit, *_blurred(logit)]
        found += [*_beside(logit, NEIGHBOUR), *_beside(logit, FAR_NEIGHBOUR)]
        found += [alike, cv2.GaussianBlur(alike, (0, 0), 2), cv2.GaussianBlur(alike, (0, 0), 5)]
        found += [coloured, cv2.GaussianBlur(coloured, (0, 0), 2), context.sharp]
        found += [background, object_, background - object_, *_ranked(answer)]
        found += _sides(answer)
        pieces = _pieces(answer)
        found += [pieces, cv2.GaussianBlur(pieces, (0, 0), 3)]
        return np.concatenate([self.first, np.stack(found, -1).astype(np.float32)], -1)

    def _rarity(self, inside: np.ndarray, outside: np.ndarray) -> Plane:
        """Log of how much commoner a pixel's colour is inside than outside."""
        cells = np.clip(self._lab / BIN_SIZES + (0, BINS / 2, BINS / 2), 0, BINS - 1).astype(int)
        code = (cells[..., 0] * BINS + cells[..., 1]) * BINS + cells[..., 2]
        counts = []
        for weights in (inside, outside):
            count = np.bincount(code.ravel(), weights.ravel(), BINS**3)
            counts.append(count * TYPICAL / max(1.0, weights.sum()) + 0.5)
        rarity: Plane = np.log(counts[0] / counts[1])[code].astype(np.float32)
        return rarity

    def _alike(self, answer: Plane, rest: Plane) -> Plane:
        """Ridge regression of the answer on appearance; what it is sure of weighs most."""
        far = cv2.distanceTransform((answer < 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        near = 1 - NEAR_SHARE + NEAR_SHARE * np.exp(-far / NEAR_PX)
        one, other = answer**2, near * rest * (1 - answer)
        weights = (0.5 * one / max(1.0, one.sum()) + 0.5 * other / max(1.0, other.sum())).ravel()
        taught = self._looks.reshape(-1, self._looks.shape[-1])[::THIN]
        wanted = (2 * answer.ravel()[::THIN] - 1).astype(np.float32)
        return answers_of(
            self._looks,
            classifier_of(taught, weights[::THIN].astype(np.float32), wanted, RIDGE / THIN),
        )


def _blurred(plane: Plane) -> list[Plane]:
    return [cv2.GaussianBlur(plane, (0, 0), sigma) for sigma in BLURS]


def _beside(plane: Plane, pixels: int) -> list[Plane]:
    """Above, below, left and right."""
    wide = np.pad(cv2.GaussianBlur(plane, (0, 0), 3), pixels, mode="edge")
    ends = (slice(0, SIDE), slice(2 * pixels, None)), slice(pixels, pixels + SIDE)
    return [wide[end, ends[1]] for end in ends[0]] + [wide[ends[1], end] for end in ends[0]]


def _ranked(plane: Plane) -> list[Plane]:
    """Share of the box's pixels that have less; mean and spread in the box."""
    values = np.sort(plane[WITHIN].ravel())
    rank = np.searchsorted(values, plane.ravel()).reshape(plane.shape) / values.size
    return [
        rank.astype(np.float32),
        np.full_like(plane, values.mean()),
        np.full_like(plane, values.std()),
    ]


def _sides(answer: Plane) -> list[np.ndarray]:
    """The most and the mean of every column and row: an object touches all sides of its box."""
    return [
        np.broadcast_to(found, answer.shape)
        for axis in (0, 1)
        for found in (answer.max(axis, keepdims=True), answer.mean(axis, keepdims=True))
    ]


def _pieces(answer: Plane) -> Plane:
    """Size of the connected piece a pixel is in, against the largest."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((answer > 0.5).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float32)
    areas[0] = 0
    pieces: Plane = (areas / max(1.0, float(areas.max())))[labels]
    return pieces
