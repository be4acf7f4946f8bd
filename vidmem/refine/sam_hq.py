"""SAM-HQ as a predictor (Ke et al., 2023), from the package ``segment-anything-hq``.

The package's own ``SamPredictor`` gives the best of its three masks only, whatever it is asked;
here all three come out. The network is built by :mod:`vidmem.models.sam_hq`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from vidmem.refine.candidates import Candidates, Hint

MASKS = slice(1, 4)
"""Of the decoder's five: the first is for unambiguous prompts, the last is the sharp one."""
SHARP = slice(4, 5)
OUTSIDE = -32.0
"""Logit of what lies outside the picture; others are clipped to as much."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame as the network sees it."""

    embedding: Float[Tensor, "1 256 h w"]
    sharp: Float[Tensor, "1 32 h4 w4"]
    """What the sharp mask is made from."""
    frame_size: tuple[int, int]
    input_size: tuple[int, int]
    """Of the picture within the network's square."""


class SamHq:
    """The package's network behind two calls.

    Args:
        network: the package's ``Sam``, ready to run.
    """

    def __init__(self, network: Any) -> None:
        self.network = network
        self._side: int = network.image_encoder.img_size

    @torch.no_grad()
    def see(self, image: UInt8[np.ndarray, "height width 3"]) -> Seen:
        """The image encoder, once for all objects."""
        height, width = image.shape[:2]
        scale = self._side / max(height, width)
        rows, columns = int(height * scale + 0.5), int(width * scale + 0.5)
        resized = Image.fromarray(image).resize((columns, rows), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None]
        network = self.network
        embedding, early = network.image_encoder(network.preprocess(pixels.to(network.device)))
        decoder = network.mask_decoder
        sharp = decoder.embedding_encoder(embedding)
        sharp = sharp + decoder.compress_vit_feat(early[0].permute(0, 3, 1, 2))
        return Seen(embedding, sharp, (height, width), (rows, columns))

    @torch.no_grad()
    def offer(self, seen: Seen, hint: Hint) -> Candidates:
        """Three masks: whole, part and part of a part, each with the sharp mask added."""
        network, device = self.network, seen.embedding.device
        scale = (np.array(seen.input_size) / np.array(seen.frame_size))[::-1]
        places = np.array([[x, y] for x, y, _ in hint.points]) * scale
        labels = torch.tensor([label for *_, label in hint.points], dtype=torch.int32)
        box = np.reshape(hint.box, (2, 2)) * scale
        sparse, dense = network.prompt_encoder(
            points=(torch.from_numpy(places)[None].float().to(device), labels[None].to(device)),
            boxes=torch.from_numpy(box).reshape(1, 4).float().to(device),
            masks=to_square(hint.logits, seen.input_size, self._side).to(device),
        )
        masks, scores = network.mask_decoder.predict_masks(
            image_embeddings=seen.embedding,
            image_pe=network.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            hq_features=seen.sharp,
        )
        three = masks[:, MASKS] + masks[:, SHARP]
        large = network.postprocess_masks(three, seen.input_size, seen.frame_size)
        return Candidates(large[0].cpu(), scores[0, MASKS].cpu().numpy())


def to_square(
    logits: Float[Tensor, "rows columns"], input_size: tuple[int, int], side: int
) -> Float[Tensor, "1 1 quarter quarter"]:
    """A mask over the whole frame as the network takes it: a quarter of its square."""
    quarter = side // 4
    rows, columns = (max(1, round(length / 4)) for length in input_size)
    small = interpolate(logits[None, None].float(), (rows, columns), mode="bilinear")
    small = small.clamp(OUTSIDE, -OUTSIDE)
    return pad(small, (0, quarter - columns, 0, quarter - rows), value=OUTSIDE)
