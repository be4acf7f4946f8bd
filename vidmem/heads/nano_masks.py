"""The embedded tracker: carried mask, appearance and stored tokens, summed as logits."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidmem.attention import attend
from vidmem.config import TrackerConfig
from vidmem.flow import warp
from vidmem.heads.prompt_masks import mask_of_prompt
from vidmem.statistics import Appearance
from vidmem.types import (
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

APPEARANCE_WEIGHT = 3.0
FLOW_WEIGHT = 0.5
MEMORY_WEIGHT = 0.5
GATE_PX = 12.0
SHARPNESS = 3.0
POOL = 4
TEACH_EVERY = 3
TEMPERATURE = 8.0
PRESENT_SHARE = 1e-4


@runtime_checkable
class Encoder(Protocol):
    """Makes features."""

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """See a frame."""
        ...


class NanoTracker:
    """Closed form throughout: useful before anything is learned."""

    def __init__(self, config: TrackerConfig, encoder: Encoder) -> None:
        self._encoder = encoder

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """One encoding and one flow, for masks and depth."""
        return self._encoder.encode(frame, previous)

    def page_shapes(self, features: Features) -> dict[str, PageShape]:
        """A page: appearance at stride 8 as keys, the soft mask as value."""
        rows, columns, size = features.tensors["pixels"].shape
        tokens = (rows // POOL) * (columns // POOL)
        return {"object": PageShape(tokens, 1, size - 1, 1)}

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Logits of every known and every newly prompted object."""
        prompted = {prompt.object_id: prompt for prompt in prompts}
        ids = tuple(dict.fromkeys([*recall.objects, *prompted]))
        if not ids:
            return Masks((), torch.zeros(0, *features.grey.shape), (), (), (), {})
        logits, attention = self._predict(features, recall)
        rows = []
        for object_id in ids:
            row = logits.get(object_id)
            if object_id in prompted:
                current = row.sigmoid().numpy() if row is not None else None
                size = recall_size(features, prompted[object_id])
                inside = mask_of_prompt(prompted[object_id], features.image, size, current)
                row = torch.from_numpy(8 * inside - 4)
            assert row is not None
            rows.append(row)
        stacked = compete(torch.stack(rows))
        presence = tuple(min(1.0, float((r > 0).float().mean()) / PRESENT_SHARE) for r in stacked)
        state = {
            object_id: self._learn(features, recall, object_id, row, object_id in prompted)
            for object_id, row in zip(ids, stacked, strict=True)
        }
        return Masks(
            ids, stacked, presence, presence, (False,) * len(ids), state, attention
        )

    def remember(self, stream: Stream, features: Features, masks: Masks) -> Tokens:
        """Appearance features pooled to stride 8 with the soft mask as value."""
        keys = pooled_keys(features)
        row = masks.logits[masks.ids.index(stream.object_id)]
        height, width = features.tensors["pixels"].shape[:2]
        size = (height // POOL, width // POOL)
        inside = torch.nn.functional.adaptive_avg_pool2d(row.sigmoid()[None, None], size)
        values = inside.reshape(-1, 1)
        mean = (keys * values).sum(0)
        descriptor = (mean / mean.norm().clamp(min=1e-6)).numpy()
        return Tokens(keys[:, None], values[:, None], descriptor)

    def _predict(
        self, features: Features, recall: Recall
    ) -> tuple[dict[int, Tensor], dict[Stream, tuple[float, ...]]]:
        previous = recall.previous
        if previous is None or not recall.objects:
            return {}, {}
        read, attention = self._read(features, recall)
        carried = {
            object_id: warp(row.sigmoid().numpy(), features.flow)
            for object_id, row in zip(previous.masks.ids, previous.masks.logits, strict=True)
        }
        logits = {}
        for object_id, known in recall.objects.items():
            prior = torch.from_numpy(carried[object_id])
            appearance = classify(features, Appearance.from_state(known.state))
            distance = cv2.distanceTransform(
                (carried[object_id] < 0.5).astype(np.uint8), cv2.DIST_L2, 5
            )
            gate = 2 * torch.from_numpy(distance / GATE_PX - 1).clamp(0, 3)
            memory = read.get(object_id, torch.zeros(()))
            logits[object_id] = SHARPNESS * (
                APPEARANCE_WEIGHT * appearance
                + FLOW_WEIGHT * (4 * prior - 2)
                + MEMORY_WEIGHT * memory
                - gate
            )
        return logits, attention

    def _read(
        self, features: Features, recall: Recall
    ) -> tuple[dict[int, Tensor], dict[Stream, tuple[float, ...]]]:
        view = recall.views.get("object")
        if view is None:
            return {}, {}
        keys = pooled_keys(features)
        query = keys[None, :, None].expand(len(view.streams), -1, 1, -1)
        found = attend(query, view.pages, scale=TEMPERATURE, mass="page")
        rows, columns = (n // POOL for n in features.tensors["pixels"].shape[:2])
        read = {}
        attention = {}
        assert found.mass is not None
        for i, stream in enumerate(view.streams):
            inside = found.values[i].reshape(1, 1, rows, columns)
            inside = torch.nn.functional.interpolate(
                inside, features.grey.shape, mode="bilinear", align_corners=False
            )
            read[stream.object_id] = (2 * inside[0, 0] - 1).clamp(-1, 1)
            attention[stream] = tuple(found.mass[i, : len(view.ages[i])].tolist())
        return read, attention

    def _learn(
        self, features: Features, recall: Recall, object_id: int, row: Tensor, prompted: bool
    ) -> State:
        known = recall.objects.get(object_id)
        pixels = features.tensors["pixels"]
        appearance = (
            Appearance.from_state(known.state) if known else Appearance.empty(pixels.shape[-1])
        )
        inside = torch.nn.functional.interpolate(row.sigmoid()[None, None], pixels.shape[:2])
        if prompted or (recall.index % TEACH_EVERY == 0 and bool((row > 0).any())):
            flat = pixels.reshape(-1, pixels.shape[-1])
            appearance = appearance.taught(flat, inside.flatten(), permanent=prompted)
        return appearance.state()


def recall_size(features: Features, prompt: Prompt) -> tuple[int, int]:
    """The frame's size, which prompts are measured in."""
    size = features.tensors["frame_size"]
    return int(size[0]), int(size[1])


def classify(features: Features, appearance: Appearance) -> Float[Tensor, "h w"]:
    """The classifier's answer at working size, -1 to 1."""
    scores = (features.tensors["pixels"] @ appearance.classifier()).clamp(-1, 1)
    scores = torch.nn.functional.interpolate(
        scores[None, None], features.grey.shape, mode="bilinear", align_corners=False
    )
    return scores[0, 0]


def pooled_keys(features: Features) -> Float[Tensor, "tokens key"]:
    """Unit keys at stride 8."""
    pixels = features.tensors["pixels"][..., 1:].permute(2, 0, 1)[None]
    keys = torch.nn.functional.avg_pool2d(pixels, POOL)[0].flatten(1).T
    return keys / keys.norm(dim=1, keepdim=True).clamp(min=1e-6)


def compete(logits: Float[Tensor, "objects h w"]) -> Float[Tensor, "objects h w"]:
    """Each pixel belongs to its strongest object only."""
    if len(logits) < 2:
        return logits
    best = logits.argmax(0, keepdim=True)
    own = torch.arange(len(logits))[:, None, None] == best
    return torch.where(own, logits, logits.clamp(max=-0.1))
