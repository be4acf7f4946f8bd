"""What is shown of a followed object, learned: the closed form's evidence, weighed again.

Only the answer is corrected, never what is carried to the next frame or learned from: there, small
errors of a network would feed on themselves.
"""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from vidmem.heads.evidence import to_logits
from vidmem.heads.learned_masks_network import ALIGNMENT, TOTAL_SCALE, MaskNetwork
from vidmem.heads.learned_weights import FOLDER, Kind, filled, read_weights
from vidmem.heads.nano_masks import compete
from vidmem.heads.presence import near
from vidmem.protocols import Refiner
from vidmem.types import Depth, Features, Frame, Masks, Recall, State

SHIPPED = FOLDER / "nano-masks.safetensors"
MASKS = Kind("vidmem nano masks 1", MaskNetwork, "train_masks.py")
NAMES = ("appearance", "memory", "carried", "other", "total")
FAR_PX = 24.0
"""Pixels of distance to the carried mask that count as 1; 2 at most."""
POSSIBLE, CARRIED = -0.5, 0.2
"""Evidence, and carried probability, from which a pixel is worth looking at."""
REACH_PX = 40
"""How far from what was carried evidence counts."""
AROUND_PX = 24
"""Pixels around all that."""
STRIDE = 2
"""Working pixels per pixel that it looks at."""
Part = tuple[slice, slice]
"""Rows and columns of the working picture, even ones."""


class Corrected:
    """A refiner before which a network corrects the masks; those that are kept stay as they are.

    Only what the tracker gave cues for can be corrected: objects that it follows, unprompted. Where
    it saw less than usual, for lack of time, nothing is.

    Args:
        network: trained.
        refiner: makes masks at frame size from what was corrected; logits that it changes are lost.
    """

    def __init__(self, network: MaskNetwork, refiner: Refiner) -> None:
        self._network = network
        self._refiner = refiner

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks, with labels at frame size of the corrected ones."""
        rows, columns = features.grey.shape
        if not masks.cues or features.tensors["pixels"].shape[:2] != (
            rows // STRIDE,
            columns // STRIDE,
        ):
            return self._refiner.refine(frame, features, recall, masks, depth)
        logits = [
            corrected(self._network, features, row, masks.cues[i]) if i in masks.cues else row
            for i, row in zip(masks.ids, masks.logits, strict=True)
        ]
        shown = compete(torch.stack(logits))
        refined = self._refiner.refine(frame, features, recall, replace(masks, logits=shown), depth)
        return replace(refined, logits=masks.logits)


@torch.no_grad()
def corrected(
    network: MaskNetwork, features: Features, logits: Float[Tensor, "h w"], cues: State
) -> Float[Tensor, "h w"]:
    """One object's logits at working size; as they were far from where it was carried to.

    What the tracker sees is never made to disappear.

    Args:
        network: trained.
        features: of the frame.
        logits: as they were.
        cues: of :meth:`.evidence.Evidence.cues`.
    """
    part = window_of(cues)
    if part is None:
        return logits
    seen = sight_of(features, cues, part)[None]
    rows, columns = seen.shape[2:]
    padded = functional.pad(seen, (0, -columns % ALIGNMENT, 0, -rows % ALIGNMENT), mode="replicate")
    change = network(padded)[..., :rows, :columns][None]
    other = cues["other"][part]
    large = functional.interpolate(change, other.shape, mode="bilinear", align_corners=False)[0, 0]
    total = cues["total"][part] + torch.where(other > 0, large.clamp(max=0), large)
    shown = logits.clone()
    shown[part] = near(to_logits(total), cues["carried"][part])
    return shown if bool((shown > 0).any()) else logits


def sight_of(features: Features, cues: State, part: Part) -> Float[Tensor, "channels rows columns"]:
    """What the network sees of one object: colour, edges and evidence at the stride of pixels.

    Args:
        features: of the frame.
        cues: of :meth:`.evidence.Evidence.cues`.
        part: of the working picture; see :func:`window_of`.
    """
    small = tuple(slice(side.start // STRIDE, side.stop // STRIDE) for side in part)
    pixels = features.tensors["pixels"][small].permute(2, 0, 1)
    appearance, memory, carried, other, total = (cues[name][part] for name in NAMES)
    distance = cv2.distanceTransform((carried < 0.5).numpy().astype(np.uint8), cv2.DIST_L2, 5)
    planes = (
        appearance,
        memory,
        2 * carried - 1,
        other,
        total.clamp(-5, 5) / TOTAL_SCALE,
        (torch.from_numpy(distance) / FAR_PX).clamp(max=2),
    )
    size = pixels.shape[2], pixels.shape[1]
    evidence = [cv2.resize(p.numpy(), size, interpolation=cv2.INTER_AREA) for p in planes]
    colour, wide, edges = pixels[:3], pixels[6:9], pixels[9:]
    return torch.cat([colour, colour - wide, edges, torch.from_numpy(np.stack(evidence))])


def window_of(cues: State) -> Part | None:
    """Rows and columns in which the object could be; None where it was carried nowhere."""
    carried = (cues["carried"] > CARRIED).numpy()
    if not carried.any():
        return None
    reach = np.zeros_like(carried)
    reach[_around(carried, REACH_PX)] = True
    possible = carried | (reach & (cues["total"] > POSSIBLE).numpy())
    return _around(possible, AROUND_PX)


def _around(inside: Bool[np.ndarray, "h w"], margin: int) -> Part:
    """The box of what is inside and so many pixels more, in whole steps of the network."""
    step, sides = STRIDE * ALIGNMENT, []
    for axis in (1, 0):
        places = np.flatnonzero(inside.any(axis))
        first = max(0, int(places[0]) - margin) // step * step
        last = min(inside.shape[1 - axis], int(places[-1]) + margin + 1)
        sides.append(slice(first, last + last % STRIDE))
    return sides[0], sides[1]


@lru_cache(maxsize=1)
def shipped_mask_network() -> MaskNetwork:
    """The network that comes with vidmem, ready to answer.

    Raises:
        CheckpointError: as ``read_weights``.
    """
    with torch.device("meta"):
        network = MaskNetwork()
    weights, _ = read_weights(SHIPPED, MASKS)
    return filled(network, weights)
