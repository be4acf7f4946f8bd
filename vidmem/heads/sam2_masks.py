"""SAM 2.1's mask decoder, for several objects at once, and what prompts mean to it."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import interpolate

from vidmem.types import Features, Prompt

ABSENT_LOGIT = -1024.0
"""Everywhere, for an object that the network believes cannot be seen."""
MASK_LOGIT = 10.0
"""Inside a prompted mask; outside it is minus that."""
CLAMP = 32.0
"""Of an earlier mask that is given back to the decoder."""
FEW_POINTS = 1
"""Up to so many points a prompt is ambiguous: the best of three masks is taken."""
BOX_CORNERS = (2, 3)
NO_POINT = -1


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Objects in one frame. Row i of every field is the i-th object's."""

    logits: Float[Tensor, "objects rows columns"]
    predicted_ious: Float[Tensor, " objects"]
    scores: Float[Tensor, " objects"]
    """Positive where the object can be seen."""
    pointers: Float[Tensor, "objects 256"]
    alternatives: Float[Tensor, "objects masks rows columns"]
    alternative_ious: Float[Tensor, "objects masks"]


@dataclass(frozen=True, slots=True, eq=False)
class Clicks:
    """Points in pixels of the network's square, and what each is."""

    places: Float[Tensor, "objects points 2"]
    labels: Int[Tensor, "objects points"]


def decode(
    network: Any,
    conditioned: Float[Tensor, "objects 256 h w"],
    features: Features,
    *,
    clicks: Clicks | None = None,
    earlier: Float[Tensor, "objects rows columns"] | None = None,
    several: bool = True,
) -> Decoded:
    """Masks from features that the memory has shaped.

    Args:
        network: the package's ``SAM2Base``.
        conditioned: the frame as each object's memory shows it.
        features: for the fine detail the decoder adds.
        clicks: what a person pointed at.
        earlier: mask logits to start from.
        several: take the best of three masks instead of the one for unambiguous prompts.
    """
    count = len(conditioned)
    if clicks is None:
        nowhere = torch.zeros(count, 1, 2, device=conditioned.device)
        labels = torch.full((count, 1), NO_POINT, dtype=torch.int32, device=conditioned.device)
        clicks = Clicks(nowhere, labels)
    sparse, dense = network.sam_prompt_encoder(
        points=(clicks.places, clicks.labels),
        boxes=None,
        masks=None if earlier is None else earlier[:, None],
    )
    masks, ious, tokens, scores = network.sam_mask_decoder(
        image_embeddings=conditioned,
        image_pe=network.sam_prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=several,
        repeat_image=False,
        high_res_features=[features.tensors["stride_4"], features.tensors["stride_8"]],
    )
    seen = scores > 0
    masks = torch.where(seen[:, :, None, None], masks, ABSENT_LOGIT).float()
    each = torch.arange(count, device=masks.device)
    best = ious.argmax(-1)
    token = tokens[each, best] if tokens.shape[1] > 1 else tokens[:, 0]
    pointers = torch.where(seen, network.obj_ptr_proj(token), network.no_obj_ptr)
    return Decoded(masks[each, best], ious[each, best], scores[:, 0], pointers, masks, ious)


def take_mask(network: Any, features: Features, prompt: Prompt) -> Decoded:
    """A prompted mask is the answer; the decoder only makes the object's pointer from it."""
    assert prompt.mask is not None
    embedding = features.tensors["embedding"]
    side = network.image_size
    given = torch.from_numpy(prompt.mask)[None, None].float().to(embedding.device)
    square = interpolate(given, (side, side), mode="bilinear", antialias=True)
    # An object smaller than a pixel of the square keeps the pixel it fills most.
    inside = (square >= square.max().clamp(max=0.5)).float()
    large = 2 * MASK_LOGIT * inside - MASK_LOGIT
    logits = interpolate(large, (side // 4, side // 4), mode="bilinear", antialias=True)[0]
    pointed = decode(
        network, embedding, features, earlier=network.mask_downsample(inside)[0], several=False
    )
    one = torch.ones(1, 1, device=logits.device)
    return Decoded(logits, one[0], MASK_LOGIT * one[0], pointed.pointers, logits[None], one)


def take_clicks(
    network: Any,
    features: Features,
    prompt: Prompt,
    *,
    conditioned: Float[Tensor, "1 256 h w"] | None,
    earlier: Float[Tensor, "1 rows columns"] | None,
    frame_size: tuple[int, int],
) -> Decoded:
    """A box, points or both: of a new object (nothing remembered), or against what was tracked."""
    clicks = clicks_of(prompt, frame_size, side=network.image_size)
    device = features.tensors["embedding"].device
    clicks = Clicks(clicks.places.to(device), clicks.labels.to(device))
    if conditioned is None:
        conditioned = features.tensors["embedding"] + network.no_mem_embed[0, 0][:, None, None]
    if earlier is not None:
        earlier = earlier.clamp(-CLAMP, CLAMP)
    several = clicks.labels.shape[1] <= FEW_POINTS
    return decode(network, conditioned, features, clicks=clicks, earlier=earlier, several=several)


def clicks_of(prompt: Prompt, frame_size: tuple[int, int], *, side: int) -> Clicks:
    """A box is two points, its corners; then the points."""
    places = [(x, y) for x, y, _ in prompt.points]
    labels = [label for _, _, label in prompt.points]
    if prompt.box is not None:
        left, top, right, bottom = prompt.box
        places = [(left, top), (right, bottom), *places]
        labels = [*BOX_CORNERS, *labels]
    height, width = frame_size
    scaled = torch.tensor(places, dtype=torch.float32) / torch.tensor([width, height]) * side
    return Clicks(scaled[None], torch.tensor(labels, dtype=torch.int32)[None])


def joined(parts: list[Decoded]) -> list[Decoded]:
    """One value per object."""
    return [
        Decoded(
            part.logits[i : i + 1],
            part.predicted_ious[i : i + 1],
            part.scores[i : i + 1],
            part.pointers[i : i + 1],
            part.alternatives[i : i + 1],
            part.alternative_ious[i : i + 1],
        )
        for part in parts
        for i in range(len(part.logits))
    ]
