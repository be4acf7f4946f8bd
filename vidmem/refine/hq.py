"""Coarse masks to sharp ones through a promptable network, behind gates.

HQ-SMem-style: candidates from SAM-HQ, one of them chosen by appearance, agreement and score or none
at all, and what is accepted teaches the appearance (see :mod:`vidmem.refine.selection`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from vidmem.config import RefineConfig
from vidmem.refine.appearance import evidence, look, remembered, to_remember
from vidmem.refine.candidates import Predictor, hint_at
from vidmem.refine.edges import EdgeRefiner
from vidmem.refine.selection import Choice, choose
from vidmem.statistics import HURRIED, STEADY, Appearance, Pace
from vidmem.types import Depth, Features, Frame, Masks, Recall

CONFIDENT = 0.6
UNSURE = 0.8
"""Reliability below which a mask is refined ``when: unsure``."""
PRESENT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """A candidate that replaces a coarse mask."""

    choice: Choice
    large: Float16[np.ndarray, "height width"]
    """Its logits at frame size."""
    small: Float[Tensor, "rows columns"]
    """And at working size."""


class HqRefiner:
    """Keeps nothing: the appearance it judges by lies in the objects' memory.

    Args:
        config: when it refines, and what becomes of the result.
        predictor: the network.
    """

    def __init__(self, config: RefineConfig, predictor: Predictor) -> None:
        self._config = config
        self._predictor = predictor

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks with labels at frame size; with ``write_back`` also better logits.

        A mask that a person has just prompted stays as it is. Where no candidate is accepted, or
        none is asked for, the mask is the coarse one, sharpened along the picture's edges.
        """
        shown = EdgeRefiner().refine(frame, features, recall, masks, depth)
        due = [row for row in range(len(masks.ids)) if self._is_due(recall, masks, row)]
        taught = [row for row in range(len(masks.ids)) if _teaches(recall, masks, row)]
        models = {
            i: remembered(recall.objects[i].state if i in recall.objects else {}) for i in masks.ids
        }
        accepted: dict[int, Accepted] = {}
        if due or taught:
            seen = look(features.image, features.grey)
            accepted = self._accept(frame, masks, due, seen, models) if due else {}
            for row in taught:
                models[masks.ids[row]] = self._learn(masks, row, seen, models, accepted)
        assert shown.labels is not None
        return replace(
            shown,
            labels=paint(shown.labels, {i: each.large for i, each in accepted.items()}),
            logits=self._written(masks, accepted),
            state={i: {**masks.state[i], **to_remember(models[i])} for i in masks.ids},
        )

    def _is_due(self, recall: Recall, masks: Masks, row: int) -> bool:
        known = masks.ids[row] in recall.objects
        prompted = bool(masks.prompted) and masks.prompted[row]
        visible = masks.presence[row] >= PRESENT and bool((masks.logits[row] > 0).any())
        if prompted or not known or not visible:
            return False
        if self._config.when == "every":
            return recall.step % self._config.every == 0
        return self._config.when == "always" or masks.reliability[row] < UNSURE

    def _accept(
        self,
        frame: Frame,
        masks: Masks,
        due: list[int],
        seen: Float[Tensor, "rows columns size"],
        models: Mapping[int, Appearance],
    ) -> dict[int, Accepted]:
        embedded = self._predictor.see(frame.image)
        accepted = {}
        for row in due:
            says = evidence(seen, models[masks.ids[row]])
            answer = self._ask(embedded, frame, masks.logits[row], says)
            if answer is not None:
                accepted[masks.ids[row]] = answer
        return accepted

    def _ask(
        self,
        embedded: Any,
        frame: Frame,
        coarse: Float[Tensor, "rows columns"],
        says: Float32[np.ndarray, "rows columns"],
    ) -> Accepted | None:
        offer = self._predictor.offer(embedded, hint_at(coarse, says, frame.size))
        small = interpolate(
            offer.logits[None].float(), coarse.shape, mode="bilinear", antialias=True
        )[0]
        choice = choose(
            (small > 0).numpy(), (coarse > 0).numpy(), says, offer.scores, by=self._config.select
        )
        if choice.index is None:
            return None
        large = offer.logits[choice.index].numpy().astype(np.float16)
        return Accepted(choice, large, small[choice.index])

    def _learn(
        self,
        masks: Masks,
        row: int,
        seen: Float[Tensor, "rows columns size"],
        models: Mapping[int, Appearance],
        accepted: Mapping[int, Accepted],
    ) -> Appearance:
        object_id = masks.ids[row]
        better = accepted.get(object_id) if self._config.feedback else None
        logits = masks.logits[row] if better is None else better.small
        prompted = bool(masks.prompted) and masks.prompted[row]
        inside, pace = torch.sigmoid(logits), _pace(masks, row)
        return models[object_id].taught(seen, inside, permanent=prompted, pace=pace)

    def _written(self, masks: Masks, accepted: Mapping[int, Accepted]) -> Tensor:
        """Logits for the memory: the coarse ones, but for what passes the stricter gate."""
        if not self._config.write_back:
            return masks.logits
        logits = masks.logits.clone()
        for row, object_id in enumerate(masks.ids):
            better = accepted.get(object_id)
            if better is None or not better.choice.may_be_written or not _is_sure(masks, row):
                continue
            others = torch.cat([masks.logits[:row], masks.logits[row + 1 :]]) > 0
            logits[row] = torch.where(others.any(0), better.small.clamp(max=-0.1), better.small)
        return logits


def paint(
    labels: UInt8[np.ndarray, "height width"],
    accepted: Mapping[int, Float16[np.ndarray, "height width"]],
) -> UInt8[np.ndarray, "height width"]:
    """Labels in which accepted masks replace what was there; the others keep their pixels."""
    painted = np.where(np.isin(labels, list(accepted)), np.uint8(0), labels)
    free = painted == 0
    best = np.zeros(labels.shape, np.float16)
    for object_id, logits in accepted.items():
        wins = free & (logits > best)
        painted[wins], best[wins] = object_id, logits[wins]
    return painted


def _is_sure(masks: Masks, row: int) -> bool:
    sure = masks.presence[row] >= PRESENT and masks.reliability[row] >= CONFIDENT
    return sure and not masks.occluded[row]


def _pace(masks: Masks, row: int) -> Pace:
    """Faster for what the tracker says is changing."""
    return HURRIED if masks.topology_changed and masks.topology_changed[row] else STEADY


def _teaches(recall: Recall, masks: Masks, row: int) -> bool:
    """Prompted frames always do; others at times, while the object is whole and certain."""
    prompted = bool(masks.prompted) and masks.prompted[row]
    due = recall.step % _pace(masks, row).every == 0 and _is_sure(masks, row)
    return (prompted or due) and bool((masks.logits[row] > 0).any())
