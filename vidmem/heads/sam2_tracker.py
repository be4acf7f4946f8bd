"""SAM 2.1 as a tracker: frame by frame, nothing kept but in the bank.

Ravi et al., 2024, with the package ``sam2``. Equal to its ``SAM2VideoPredictor`` on the same
prompts under the policy ``fifo``, but for what is not bounded there: of the corrections only the
latest stay.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch

from vidmem.config import TrackerConfig
from vidmem.heads.sam2_ambiguity import is_ambiguous
from vidmem.heads.sam2_attention import condition
from vidmem.heads.sam2_masks import Decoded, decode, joined, take_clicks, take_mask
from vidmem.heads.sam2_pages import TOGETHER, encode_masks, grid_page, page_shapes, pointer_page
from vidmem.types import (
    Alternatives,
    Features,
    Frame,
    Masks,
    PageShape,
    Previous,
    Prompt,
    Recall,
    State,
    Stream,
    Tokens,
)


@runtime_checkable
class Encoder(Protocol):
    """Makes features."""

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """See a frame; ``tensors["frame_size"]`` says how large it was."""
        ...


class Sam2Tracker:
    """The package's weights over the shared memory.

    Args:
        config: of these only ``long_term_codes`` counts here.
        encoder: its image encoder.
        network: its ``SAM2Base``, ready to run.
    """

    def __init__(self, config: TrackerConfig, encoder: Encoder, network: Any) -> None:
        self._config = config
        self._encoder = encoder
        self._network = network

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """The image encoder, once for all objects."""
        return self._encoder.encode(frame, previous)

    def page_shapes(self, features: Features) -> dict[str, PageShape]:
        """A grid of tokens per object and frame, and a pointer."""
        return page_shapes(self._network)

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Mask logits at working size, as the decoder gives them: objects may overlap here.

        A prompted mask is the answer as it is. Clicks and boxes of a known object correct what
        its memory says; those of a new one stand alone.
        """
        prompted = {prompt.object_id: prompt for prompt in prompts}
        ids = tuple(dict.fromkeys([*recall.objects, *prompted]))
        if not ids:
            return Masks((), torch.zeros(0, *features.grey.shape), (), (), (), {})
        masked = {i for i, prompt in prompted.items() if prompt.mask is not None}
        seen, attention = self._track(
            features, recall, [i for i in recall.objects if i not in masked], prompted
        )
        for object_id in masked:
            seen[object_id] = take_mask(self._network, features, prompted[object_id])
        for object_id in prompted.keys() - seen.keys():
            seen[object_id] = self._click(features, prompted[object_id])
        return _answer(ids, [seen[i] for i in ids], prompted, attention)

    def remember(self, stream: Stream, features: Features, masks: Masks) -> Tokens:
        """One page of ``remember_all``."""
        return self.remember_all([stream], features, masks)[stream]

    def remember_all(
        self, streams: Sequence[Stream], features: Features, masks: Masks
    ) -> Mapping[Stream, Tokens]:
        """Pages of the mask logits as they are now: a refiner may have improved them."""
        pages = {
            stream: pointer_page(masks.state[stream.object_id]["pointer"])
            for stream in streams
            if stream.kind == "pointer"
        }
        grids = [stream for stream in streams if stream.kind == "object"]
        if not grids:
            return pages
        device = features.tensors["embedding"].device
        rows = [masks.ids.index(stream.object_id) for stream in grids]
        states = [masks.state[stream.object_id] for stream in grids]
        logits = masks.logits[rows]
        encoded = encode_masks(
            self._network,
            features,
            logits.to(device),
            scores=torch.tensor([masks.object_scores[row] for row in rows], device=device),
            prompted=torch.tensor([bool(s["prompted"]) for s in states], device=device),
        )
        for stream, grid, row in zip(grids, encoded.cpu(), logits, strict=True):
            pages[stream] = grid_page(grid, row)
        return pages

    def _track(
        self,
        features: Features,
        recall: Recall,
        ids: Sequence[int],
        prompted: Mapping[int, Prompt],
    ) -> tuple[dict[int, Decoded], dict[Stream, tuple[float, ...]]]:
        if not ids:
            return {}, {}
        conditioned, attention = condition(
            self._network, features, recall, ids, long_term_codes=self._config.long_term_codes
        )
        turns = [
            decode(self._network, some, features) for some in torch.split(conditioned, TOGETHER)
        ]
        seen = dict(zip(ids, joined(turns), strict=True))
        for row, object_id in enumerate(ids):
            if object_id in prompted:
                seen[object_id] = self._click(
                    features,
                    prompted[object_id],
                    conditioned=conditioned[row : row + 1],
                    earlier=seen[object_id].logits,
                )
        return seen, attention

    def _click(self, features: Features, prompt: Prompt, **known: Any) -> Decoded:
        height, width = features.tensors["frame_size"].tolist()
        known = {"conditioned": None, "earlier": None, **known}
        return take_clicks(self._network, features, prompt, frame_size=(height, width), **known)


def _answer(
    ids: tuple[int, ...],
    seen: Sequence[Decoded],
    prompted: Mapping[int, Prompt],
    attention: Mapping[Stream, tuple[float, ...]],
) -> Masks:
    logits = torch.cat([each.logits for each in seen]).cpu()
    scores = tuple(float(each.scores) for each in seen)
    ious = tuple(float(each.predicted_ious) for each in seen)
    offered = {
        i: Alternatives(each.alternatives[0].cpu(), tuple(each.alternative_ious[0].tolist()))
        for i, each in zip(ids, seen, strict=True)
    }
    return Masks(
        ids=ids,
        logits=logits,
        presence=tuple(float(torch.tensor(score).sigmoid()) for score in scores),
        reliability=tuple(
            min(1.0, max(0.0, iou)) if score > 0 else 0.0
            for iou, score in zip(ious, scores, strict=True)
        ),
        occluded=tuple(score <= 0 for score in scores),
        state={i: _state(each, i in prompted) for i, each in zip(ids, seen, strict=True)},
        attention=attention,
        ambiguous=tuple(
            is_ambiguous((row > 0).numpy(), (offered[i].logits > 0).numpy())
            for i, row in zip(ids, logits, strict=True)
        ),
        object_scores=scores,
        predicted_ious=ious,
        alternatives=offered,
    )


def _state(seen: Decoded, prompted: bool) -> State:
    return {"pointer": seen.pointers[0].cpu().clone(), "prompted": torch.tensor(prompted)}
