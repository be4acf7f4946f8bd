"""What SAM 2.1 stores of an object: a grid of tokens per frame, and a pointer."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate, normalize, sigmoid

from vidmem.types import Features, PageShape, Tokens

WIDTH = 64
"""Of a stored token."""
TOGETHER = 8
"""Objects whose masks are encoded at once."""


def page_shapes(network: Any) -> dict[str, PageShape]:
    """Tokens are keys and values in one; in the package's precision, which is half for grids."""
    side = network.image_size // network.backbone_stride
    return {
        "object": PageShape(side * side, 1, WIDTH, 0, "bfloat16"),
        "pointer": PageShape(network.hidden_dim // WIDTH, 1, WIDTH, 0),
    }


def encode_masks(
    network: Any,
    features: Features,
    logits: Float[Tensor, "objects rows columns"],
    *,
    scores: Float[Tensor, " objects"],
    prompted: Bool[Tensor, " objects"],
) -> Float[Tensor, "objects 64 h w"]:
    """The memory encoder: what the frame looks like where each mask is.

    Args:
        network: the package's ``SAM2Base``.
        features: the frame.
        logits: of the masks to remember.
        scores: positive where the object can be seen.
        prompted: masks that a person confirmed are taken as they are, inside or outside.
    """
    encoder = network.memory_encoder
    place = encoder.pix_feat_proj(features.tensors["embedding"])
    parts = []
    for some in torch.split(torch.arange(len(logits), device=logits.device), TOGETHER):
        side = network.image_size
        large = interpolate(logits[some, None], (side, side), mode="bilinear", align_corners=False)
        hard = prompted[some, None, None, None]
        inside = torch.where(hard, (large > 0).float(), sigmoid(large))
        scaled = inside * network.sigmoid_scale_for_mem_enc + network.sigmoid_bias_for_mem_enc
        mixed = encoder.fuser(place + encoder.mask_downsampler(scaled))
        absent = (scores[some] <= 0).float()[:, None, None, None]
        nothing = network.no_obj_embed_spatial[..., None, None]
        parts.append(encoder.out_proj(mixed) + absent * nothing)
    return torch.cat(parts)


def grid_page(encoded: Float[Tensor, "64 h w"], logits: Float[Tensor, "rows columns"]) -> Tokens:
    """A page, described by how the object's tokens differ from all others."""
    keys = encoded.flatten(1).T
    inside = interpolate(sigmoid(logits)[None, None], encoded.shape[-2:], mode="area").flatten()
    weight = inside / inside.sum().clamp(min=1e-6)
    outside = (1 - inside) / (1 - inside).sum().clamp(min=1e-6)
    descriptor = normalize((weight - outside) @ keys, dim=0)
    return Tokens(keys[:, None], keys.new_zeros(len(keys), 1, 0), descriptor.cpu().numpy())


def pointer_page(pointer: Float[Tensor, " width"]) -> Tokens:
    """A pointer, cut into tokens of a grid's width."""
    keys = pointer.reshape(-1, 1, WIDTH)
    return Tokens(keys, keys.new_zeros(len(keys), 1, 0), np.zeros(0, np.float32))
