"""Objects in a picture that nobody pointed at, without learned weights.

Unions of patches and what stands out from the border are candidates; boundary contrast, unlikeness
to the surroundings, place and size rank them; the best are cut out again inside their boxes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from vidmem.heads.box_masks import mask_of_box
from vidmem.heads.click_regions import Picture
from vidmem.heads.merging import LIKENESSES, looks_of_patches, unions
from vidmem.heads.superpixels import Patches, patches_of, saliency_of

SEEN_PIXELS = 20_000
LEVELS = np.linspace(0.15, 0.85, 8)
"""Of saliency, where its islands are looked at."""
AREAS = (0.004, 0.35)
TYPICAL_AREA, AREA_SPREAD = 0.05, 1.3
"""As share of the picture; the spread is of its logarithm."""
CENTRE_SPREAD = 0.35
CUT_OUT = 30
"""Candidates that are cut out inside their boxes."""
SAME = 0.6
"""Overlap of two proposals for one object."""
EDGE_STEP = 30.0
WEIGHTS = {"edge": 1.0, "unlike": 1.0, "salient": 1.0, "centre": 1.0, "size": 0.7, "border": 1.5}

Mask = Bool[np.ndarray, "height width"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One object that may be meant."""

    mask: Mask
    """At the picture's size."""
    score: float
    """Higher is likelier; comparable within one picture only."""


def propose_objects(
    image: UInt8[np.ndarray, "height width 3"], *, most: int = 10
) -> tuple[Proposal, ...]:
    """The likeliest objects first; none overlaps an earlier one by more than ``SAME``.

    Args:
        image: RGB.
        most: how many at most.
    """
    height, width = image.shape[:2]
    scale = min(1.0, (SEEN_PIXELS / (height * width)) ** 0.5)
    shape = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    scene = _Scene(small)
    masks, scores = scene.candidates()
    kept = _apart(masks, scores, most)
    return tuple(
        Proposal(
            cv2.resize(masks[i].astype(np.float32), (width, height)) > 0.5,
            float(scores[i]),
        )
        for i in kept
    )


class _Scene:
    def __init__(self, image: UInt8[np.ndarray, "h w 3"]) -> None:
        self._image = image
        self._patches = patches_of(image)
        self._looks = looks_of_patches(image, self._patches.labels)
        self._saliency = saliency_of(self._patches)

    def candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """Masks and scores of what is cut out of the boxes of the likeliest unions."""
        members = self._unions()
        scores = self.score(members)
        best = np.argsort(-scores)
        masks = members[best][:, self._patches.labels]
        first = _apart(masks, scores[best], CUT_OUT)
        picture = Picture.of(self._image)
        cut = np.stack([mask_of_box(picture, _box_of(masks[i])) for i in first])
        return cut, self.score(self._covered(cut))

    def _unions(self) -> Bool[np.ndarray, "candidates n"]:
        found = [unions(self._patches, self._looks, likeness) for likeness in LIKENESSES]
        islands = []
        plane = self._saliency[self._patches.labels]
        for level in LEVELS:
            count, marks = cv2.connectedComponents((plane > level).astype(np.uint8))
            islands += [self._covered((marks == i)[None]) for i in range(1, count)]
        members = np.unique(np.concatenate([*found, *islands]), axis=0)
        share = members @ self._patches.sizes / self._patches.sizes.sum()
        kept = members[(share > AREAS[0]) & (share < AREAS[1])]
        return kept if len(kept) else members

    def _covered(self, masks: Bool[np.ndarray, "m h w"]) -> Bool[np.ndarray, "m n"]:
        """Patches that lie mostly inside."""
        flat = self._patches.labels.ravel()
        sizes = self._patches.sizes
        return np.stack(
            [np.bincount(flat, mask.ravel(), len(sizes)) > 0.5 * sizes for mask in masks]
        )

    def score(self, members: Bool[np.ndarray, "m n"]) -> Float[np.ndarray, " m"]:
        """Of every set of patches."""
        parts = cues_of(self._patches, self._looks, self._saliency, members)
        total: np.ndarray = np.sum([WEIGHTS[name] * value for name, value in parts.items()], 0)
        return total


def cues_of(
    patches: Patches,
    looks: Float[np.ndarray, "n bins"],
    saliency: Float[np.ndarray, " n"],
    members: Bool[np.ndarray, "m n"],
) -> dict[str, Float[np.ndarray, " m"]]:
    """What speaks for a set of patches, each about 0 to 1; what touches the border, against."""
    inside = members.astype(float)
    sizes = np.maximum(inside @ patches.sizes, 1)
    outline = ((inside @ patches.contacts) * (1 - inside)).sum(1)
    steps = ((inside @ (patches.contacts * patches.edges)) * (1 - inside)).sum(1)
    ring = ((inside @ (patches.contacts > 0)) > 0) & ~members
    around = ring.astype(float)
    widths = np.maximum(around @ patches.sizes, 1)
    mine, theirs = (inside @ looks) / sizes[:, None], (around @ looks) / widths[:, None]
    apart = ((mine - theirs) ** 2 / np.maximum(mine + theirs, 1e-9)).sum(1) / 8
    salient = (inside @ (saliency * patches.sizes)) / sizes
    salient -= (around @ (saliency * patches.sizes)) / widths
    places = (inside @ (patches.places * patches.sizes[:, None])) / sizes[:, None] - 0.5
    share = sizes / patches.sizes.sum()
    return {
        "edge": steps / np.maximum(outline, 1) / EDGE_STEP,
        "unlike": apart,
        "salient": salient,
        "centre": np.exp(-(places**2).sum(1) / (2 * CENTRE_SPREAD**2)),
        "size": np.exp(-(np.log(share / TYPICAL_AREA) ** 2) / (2 * AREA_SPREAD**2)),
        "border": -(inside @ patches.borders) / np.sqrt(sizes) / 4,
    }


def _apart(
    masks: Bool[np.ndarray, "m h w"], scores: Float[np.ndarray, " m"], most: int
) -> list[int]:
    """Non-maximum suppression."""
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    areas = flat.sum(1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        common = flat[kept] @ flat[i]
        overlap = common / np.maximum(areas[kept] + areas[i] - common, 1)
        if areas[i] > 0 and (not kept or overlap.max() <= SAME):
            kept.append(int(i))
        if len(kept) == most:
            break
    return kept


def _box_of(mask: Mask) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0
