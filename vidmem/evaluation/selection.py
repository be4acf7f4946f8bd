"""Does selection take the best mask on offer, and none where all are wrong? Stub, exact truth.

A stub stands in for the promptable network: its masks are the true one, made wrong (see
:mod:`vidmem.evaluation.perturbing`), and its scores say nothing at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from vidmem.evaluation.perturbing import (
    Mask,
    Random,
    another,
    eaten,
    leaked,
    moved,
    others_of,
    part,
    rough,
)
from vidmem.refine.appearance import SIZE, evidence, look
from vidmem.refine.selection import choose, overlap
from vidmem.statistics import Appearance

Picture = tuple[UInt8[np.ndarray, "rows columns 3"], UInt8[np.ndarray, "rows columns"]]
"""An image, and the object of every pixel."""
LEAST_PX = 300
"""Smaller objects are not asked for."""
WORSE = 0.1
"""A bad mask's IoU is at least this much below the coarse mask's."""
COARSE, GOOD, MIDDLING = (0.03, 0.08), (0.005, 0.02), (0.04, 0.1)
"""How far outlines wander, as shares of the object's size."""
SCORES = (0.7, 1.0)
ATTEMPTS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Three masks of one object in one frame."""

    masks: Bool[np.ndarray, "masks rows columns"]
    ious: Float[np.ndarray, " masks"]
    """With the truth."""
    scores: Float[np.ndarray, " masks"]


def evaluate_selection(videos: Iterable[tuple[str, Mapping[int, Picture]]]) -> dict[str, Any]:
    """Ask for every object in every frame twice: with a good mask on offer, and without.

    The appearance learns the true mask in the first frame and coarse ones later, as in a run.

    Args:
        videos: pictures by frame, by name; the first frame is where objects are prompted.

    Returns:
        ``best``: share of the offers with a good mask in which it is taken; ``rejected``: share of
        the others in which none is taken; ``score_best`` and ``score_rejected``: the same for the
        highest score behind the gate of agreement alone; mean IoUs before and after.
    """
    rows: dict[str, list[float]] = {}
    for name, pictures in videos:
        for object_id in _asked(pictures):
            random = np.random.default_rng([*name.encode(), object_id])
            for answer in _follow(pictures, object_id, random):
                for key, value in answer.items():
                    rows.setdefault(key, []).append(value)
    means = {name: float(np.mean(values)) for name, values in rows.items()}
    return {**means, "offers": len(rows.get("best", ()))}


def _asked(pictures: Mapping[int, Picture]) -> list[int]:
    labels = next(iter(pictures.values()))[1]
    ids, counts = np.unique(labels, return_counts=True)
    return [int(i) for i, n in zip(ids, counts, strict=True) if i and n >= LEAST_PX]


def _follow(
    pictures: Mapping[int, Picture], object_id: int, random: Random
) -> Iterator[dict[str, float]]:
    appearance = Appearance.empty(SIZE)
    for turn, (image, labels) in enumerate(pictures.values()):
        truth: Mask = labels == object_id
        if truth.sum() < LEAST_PX:
            return
        seen = look(image, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        coarse = truth
        if turn:
            coarse = rough(truth, random, strength=random.uniform(*COARSE))
            others = others_of(labels, object_id)
            bad = [_worse(truth, coarse, others, random) for _ in range(4)]
            good = [rough(truth, random, strength=random.uniform(*how)) for how in (GOOD, MIDDLING)]
            says = evidence(seen, appearance)
            yield _judged(
                _offer([*good, bad[0]], truth, random), _offer(bad[1:], truth, random), coarse, says
            ) | {"coarse_iou": overlap(coarse, truth)}
        inside = torch.from_numpy(coarse.astype(np.float32))
        appearance = appearance.taught(seen, inside, permanent=not turn)


def _worse(truth: Mask, coarse: Mask, others: list[Mask], random: Random) -> Mask:
    """A clean mask of the wrong thing."""
    limit = overlap(coarse, truth) - WORSE
    for _ in range(ATTEMPTS):
        kind = int(random.integers(5))
        wrong = (
            another(truth, others, random)
            if kind == 0
            else (part, leaked, eaten, moved)[kind - 1](truth, random)
        )
        mask = rough(wrong, random, strength=GOOD[0])
        if overlap(mask, truth) < limit:
            return mask
    return np.zeros_like(truth)


def _offer(masks: list[Mask], truth: Mask, random: Random) -> Offer:
    order = random.permutation(len(masks))
    mixed = [masks[i] for i in order]
    ious = np.array([overlap(mask, truth) for mask in mixed])
    return Offer(np.stack(mixed), ious, random.uniform(*SCORES, len(masks)))


def _judged(good: Offer, bad: Offer, coarse: Mask, says: np.ndarray) -> dict[str, float]:
    found: dict[str, float] = {}
    for prefix, by in (("", "appearance"), ("score_", "score")):
        taken = choose(good.masks, coarse, says, good.scores, by=by)  # type: ignore[arg-type]
        refused = choose(bad.masks, coarse, says, bad.scores, by=by)  # type: ignore[arg-type]
        found[f"{prefix}best"] = float(taken.index == int(good.ious.argmax()))
        found[f"{prefix}rejected"] = float(refused.index is None)
        if taken.index is not None:
            found[f"{prefix}taken_iou"] = float(good.ious[taken.index])
    return found
