"""Is there something else that the decoder could have meant? (DAM4SAM, Videnovic et al., 2025.)"""

import cv2
import numpy as np
from jaxtyping import Bool

MOST_OVERLAP = 0.7
"""Of the box of the chosen mask with the box around it and the alternative: more is the same."""


def is_ambiguous(
    chosen: Bool[np.ndarray, "rows columns"], others: Bool[np.ndarray, "masks rows columns"]
) -> bool:
    """Whether the largest part of another candidate stretches the chosen mask's box a lot."""
    if not chosen.any():
        return False
    return any(_stretches(chosen, other) for other in others)


def _stretches(
    chosen: Bool[np.ndarray, "rows columns"], other: Bool[np.ndarray, "rows columns"]
) -> bool:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(other.astype(np.uint8))
    if count < 2:
        return False
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    both = chosen | (labels == largest)
    return _box_area(chosen) <= MOST_OVERLAP * _box_area(both)


def _box_area(mask: Bool[np.ndarray, "rows columns"]) -> int:
    """The inner box lies in the outer one, so the ratio of areas is their overlap."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1))
