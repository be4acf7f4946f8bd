"""The embedded tracker: carried mask, appearance and stored tokens, summed as logits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidmem.config import TrackerConfig
from vidmem.flow import warp
from vidmem.heads.distractors import STRIDE, certain, first
from vidmem.heads.distractors import carried as carried_distractors
from vidmem.heads.evidence import SIZE, appearance_scores, gather, waves
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.heads.moving import contested
from vidmem.heads.presence import Sighting, judge
from vidmem.heads.prompt_masks import claim_of, mask_of_prompt
from vidmem.heads.readout import KEY, TOKENS, Readout, page_of, read_pages
from vidmem.heads.track import Track
from vidmem.statistics import HURRIED, STEADY, Appearance
from vidmem.types import (
    Features,
    Frame,
    Masks,
    ObjectMemory,
    PageShape,
    Previous,
    Prompt,
    Recall,
    State,
    Stream,
    Tokens,
)

PROMPTED_LOGIT = 10.0
"""More than a followed object reaches: what a person says is the new one's."""
PROMPT_LIKELY = -0.3


@runtime_checkable
class Encoder(Protocol):
    """Makes features."""

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """See a frame."""
        ...

    def encode_coarse(self, frame: Frame, previous: Previous | None) -> Features:
        """See it in less detail and time."""
        ...


class NanoTracker:
    """Closed form throughout: useful before anything is learned."""

    def __init__(
        self, config: TrackerConfig, encoder: Encoder, network: PromptNetwork | None = None
    ) -> None:
        self._encoder = encoder
        self._refresh = config.refresh
        self._network = network

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """One encoding and one flow, for masks and depth."""
        return self._encoder.encode(frame, previous)

    def encode_coarse(self, frame: Frame, previous: Previous | None) -> Features:
        """Less detail, for when time is short."""
        return self._encoder.encode_coarse(frame, previous)

    def page_shapes(self, features: Features) -> dict[str, PageShape]:
        """A page: appearance at stride 8 as keys, the soft mask as value."""
        return {"object": PageShape(TOKENS, 1, KEY, 1)}

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Logits of every known and every newly prompted object, and what is learned from them."""
        masks, sightings = self._seen(features, recall, prompts)
        prompted = {prompt.object_id for prompt in prompts}
        state = {
            i: self._learn(features, recall, i, row, sightings[i], i in prompted)
            for i, row in zip(masks.ids, masks.logits, strict=True)
        }
        return replace(masks, state=state)

    def preview(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """The same logits; nothing is learned."""
        return self._seen(features, recall, prompts)[0]

    def _seen(
        self, features: Features, recall: Recall, prompts: Sequence[Prompt]
    ) -> tuple[Masks, dict[int, Sighting]]:
        prompted = {prompt.object_id: prompt for prompt in prompts}
        ids = tuple(dict.fromkeys([*recall.objects, *prompted]))
        if not ids:
            return Masks((), torch.zeros(0, *features.grey.shape), (), (), (), {}), {}
        readout = read_pages(features, recall)
        carried = carry(features, recall)
        looks = [Appearance.from_state(known.state) for known in recall.objects.values()]
        scores = appearance_scores(features, looks) if looks else ()
        sightings = {
            known.object_id: self._see(features, known, row, readout, carried)
            for known, row in zip(recall.objects.values(), scores, strict=True)
        }
        for object_id, prompt in prompted.items():
            sightings[object_id] = self._prompted(features, prompt, sightings.get(object_id))
        logits = compete(torch.stack([sightings[object_id].logits for object_id in ids]))
        masks = Masks(
            ids=ids,
            logits=logits,
            presence=tuple(sightings[i].presence for i in ids),
            reliability=tuple(sightings[i].reliability for i in ids),
            occluded=tuple(sightings[i].occluded for i in ids),
            state={},
            attention=readout.attention,
            topology_changed=tuple(sightings[i].changed for i in ids),
            cues={i: cues for i in ids if (cues := sightings[i].cues) is not None},
        )
        return masks, sightings

    def remember(self, stream: Stream, features: Features, masks: Masks) -> Tokens:
        """Appearance at stride 8 with the soft mask as value, described by its foreground mean."""
        return page_of(features, masks.logits[masks.ids.index(stream.object_id)])

    def _see(
        self,
        features: Features,
        known: ObjectMemory,
        scores: Float[Tensor, "h w"],
        readout: Readout,
        carried: dict[int, Float[Tensor, "h w"]],
    ) -> Sighting:
        others = carried_distractors(known.state["distractors"].numpy(), features.flow)
        mine, flow = carried[known.object_id], features.flow
        evidence = gather(
            scores,
            mine,
            readout.inside.get(known.object_id),
            torch.from_numpy(certain(others, (len(features.grey), features.grey.shape[1]))),
            flow,
        )
        if flow is not None:
            evidence = evidence.without(contested(mine.numpy(), others, flow))
        return judge(evidence, known, others)

    def _prompted(self, features: Features, prompt: Prompt, now: Sighting | None) -> Sighting:
        height, width = features.tensors["frame_size"].tolist()
        visible = now is not None and now.presence > 0.5
        current = torch.sigmoid(now.logits).numpy() if now is not None and visible else None
        inside = mask_of_prompt(prompt, features.image, (height, width), current, self._network)
        logits = PROMPTED_LOGIT * (2 * torch.from_numpy(inside) - 1)
        none = np.zeros_like(features.grey[::STRIDE, ::STRIDE])
        claim = claim_of(prompt, inside, (height, width))
        return Sighting(logits, 1.0, 1.0, False, Track(), none, claim)

    def _learn(
        self,
        features: Features,
        recall: Recall,
        object_id: int,
        row: Float[Tensor, "h w"],
        sighting: Sighting,
        prompted: bool,
    ) -> State:
        known = recall.objects.get(object_id)
        pixels = features.tensors["pixels"]
        appearance = Appearance.from_state(known.state) if known else Appearance.empty(SIZE)
        pace = HURRIED if sighting.changed else STEADY
        due = self._refresh and recall.step % pace.every == 0 and sighting.teaches
        if (prompted or due) and bool((row > 0).any()):
            shape = pixels.shape[:2]
            inside = functional.interpolate(torch.sigmoid(row)[None, None], shape)[0, 0]
            lift = waves().lifted
            appearance = appearance.taught(pixels, inside, permanent=prompted, lift=lift, pace=pace)
        others = sighting.distractors
        if sighting.claim is not None:
            likely = appearance_scores(features, [appearance])[0] > PROMPT_LIKELY
            others = first(likely.numpy(), sighting.claim)
        return {
            **appearance.state(),
            "track": sighting.track.tensor(),
            "distractors": torch.from_numpy(others),
        }


def carry(features: Features, recall: Recall) -> dict[int, Float[Tensor, "h w"]]:
    """Every object's previous probability, where the optical flow puts it."""
    previous = recall.previous
    if previous is None or features.flow is None:
        return {}
    return {
        object_id: torch.from_numpy(warp(torch.sigmoid(row).numpy(), features.flow))
        for object_id, row in zip(previous.masks.ids, previous.masks.logits, strict=True)
    }


def compete(logits: Float[Tensor, "objects h w"]) -> Float[Tensor, "objects h w"]:
    """Each pixel belongs to its strongest object only."""
    if len(logits) < 2:
        return logits
    own = torch.arange(len(logits))[:, None, None] == logits.argmax(0, keepdim=True)
    return torch.where(own, logits, logits.clamp(max=-0.1))
