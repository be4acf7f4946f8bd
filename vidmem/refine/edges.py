"""Working-size masks to sharp ones at frame size, along the edges of the picture."""

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float32
from torch import Tensor

from vidmem.statistics import guided
from vidmem.types import Depth, Features, Frame, Masks, Recall

RADIUS = 3
EPSILON = 1e-4
"""Variance of colour, 0 to 1, below which a window has no edge."""
BAND = (0.02, 0.98)
"""Probabilities between which a boundary may move."""
MARGIN_PX = 8


class EdgeRefiner:
    """Without weights: a mask as a local linear function of colour, applied at frame size.

    The fast guided filter (He and Sun, 2015) in the box around each object; objects compete per
    pixel.
    """

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks with labels at frame size."""
        labels = np.zeros(frame.size, np.uint8)
        best = np.full(frame.size, 0.5, np.float32)
        for object_id, row in zip(masks.ids, masks.logits, strict=True):
            found = _sharpen(frame, features, row)
            if found is None:
                continue
            window, inside = found
            wins = inside > best[window]
            labels[window][wins] = object_id
            best[window][wins] = inside[wins]
        return replace(masks, labels=labels)


def _sharpen(
    frame: Frame, features: Features, row: Tensor
) -> tuple[tuple[slice, slice], Float32[np.ndarray, "rows columns"]] | None:
    """The window of the frame that an object lies in, and its probability there."""
    places = np.nonzero((row > 0).numpy())
    if not len(places[0]):
        return None
    small = tuple(
        slice(max(0, int(at.min()) - MARGIN_PX), min(length, int(at.max()) + 1 + MARGIN_PX))
        for at, length in zip(places, row.shape, strict=True)
    )
    window = tuple(
        slice(round(at.start * length / short), round(at.stop * length / short))
        for at, length, short in zip(small, frame.size, row.shape, strict=True)
    )
    probability = row.sigmoid().numpy()[small]
    slope, offset = guided(
        features.image[small].astype(np.float32) / 255, probability, radius=RADIUS, epsilon=EPSILON
    )
    size = (window[1].stop - window[1].start, window[0].stop - window[0].start)
    plain, slope, offset = (cv2.resize(x, size) for x in (probability, slope, offset))
    followed = (slope * (frame.image[window[0], window[1]] / np.float32(255))).sum(-1) + offset
    movable = (plain > BAND[0]) & (plain < BAND[1])
    return (window[0], window[1]), np.where(movable, followed, plain)
