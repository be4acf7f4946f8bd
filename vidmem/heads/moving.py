"""What moves as an object does, and what moves otherwise: a look-alike that it leaves behind.

Optical flow is smooth, so a mask carried by it stays for some pixels on what comes into view behind
a moving object; where that looks alike, the mask keeps it. A few frames later it is far enough
from the object for its flow to be its own, and that tells the two apart.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from vidmem.heads.distractors import CERTAIN, STRIDE, Small, enlarged

AROUND_CELLS = 11
"""Side of the window of a mean motion; a cell is what distractors are kept in."""
LEAST_SHARE = 0.02
"""Of that window: with less in it, no mean is known."""
APART_PX = 0.6
"""Per frame: less is within the error of the flow."""
NEARER = 0.5
"""A pixel moves as the distractor where it is so much nearer to its motion than to the object's."""
LEAST_BESIDE = 0.1
"""Of the object's area: smaller distractors beside it are its own border."""
SAME = 0.5
"""Of the object's former motion: with less of it, a part moves otherwise."""
RING_CELLS = (1, 5)
"""From the border of a part: what lies between is around it."""
LEAST_CELLS = 2
"""With fewer, the motion of a part is not known."""

Mask = Bool[np.ndarray, "h w"]
Cells = Bool[np.ndarray, "rows columns"]
Flow = Float32[np.ndarray, "h w 2"]


def contested(inside: Float32[np.ndarray, "h w"], distractors: Small, flow: Flow) -> Mask:
    """Where a carried mask moves as a certain distractor beside it, and not as its own middle.

    Args:
        inside: probability, carried.
        distractors: carried as well.
        flow: from this frame to the one before, in pixels.
    """
    mine, theirs = inside[::STRIDE, ::STRIDE] > 0.5, distractors == CERTAIN
    beside = _large(theirs & ~mine, LEAST_BESIDE * float(mine.sum()))
    if not beside.any():
        return np.zeros(inside.shape, bool)
    moves = _of_cells(flow)
    middle = cv2.erode((mine & ~theirs).astype(np.uint8), _square(1)) > 0
    own, own_known = _mean(middle, moves)
    other, other_known = _mean(beside, moves)
    apart = own_known & other_known & (_length(own - other) > APART_PX)
    lost = mine & apart & (_length(moves - other) < NEARER * _length(moves - own))
    _, labels = cv2.connectedComponents((lost | beside).astype(np.uint8))
    return enlarged(lost & np.isin(labels, labels[beside]), inside.shape)


def leaving(distractors: Small, flow: Flow) -> Mask:
    """What moves otherwise than the distractors around it.

    Args:
        distractors: carried.
        flow: from this frame to the one before, in pixels.
    """
    moves = _of_cells(flow)
    theirs, known = _mean(distractors > 0, moves)
    return enlarged(known & (_length(moves - theirs) > APART_PX), flow.shape[:2])


def motion_of(inside: Mask, part: Mask, flow: Flow) -> Float[np.ndarray, "2"] | None:
    """How a part of a mask moves against what is around it, in pixels of the flow.

    Args:
        inside: the mask: the rest of it is not around the part.
        part: of it.
        flow: from this frame to the one before, in pixels.

    Returns:
        None where the part or what is around it is too small to tell.
    """
    cells, moves = part[::STRIDE, ::STRIDE], _of_cells(flow)
    near, far = (cv2.dilate(cells.astype(np.uint8), _square(radius)) > 0 for radius in RING_CELLS)
    ring = far & ~near & ~inside[::STRIDE, ::STRIDE]
    if min(int(cells.sum()), int(ring.sum())) < LEAST_CELLS:
        return None
    motion: np.ndarray = np.median(moves[cells], axis=0) - np.median(moves[ring], axis=0)
    return motion


def parted(inside: Mask, flow: Flow, motion: Float[np.ndarray, "2"]) -> tuple[Mask, Mask]:
    """The parts of a mask that move on as before, and those that do not; others are in neither.

    Args:
        inside: the mask; what is not connected is another part.
        flow: from this frame to the one before, in pixels.
        motion: what :func:`motion_of` said of all of it when it was sure.
    """
    same, otherwise = np.zeros_like(inside), np.zeros_like(inside)
    square = float(motion @ motion)
    if square < APART_PX**2:
        return same, otherwise
    count, labels = cv2.connectedComponents(inside.astype(np.uint8))
    for i in range(1, count):
        part = labels == i
        now = motion_of(inside, part, flow)
        if now is not None:
            (otherwise if float(now @ motion) < SAME * square else same)[part] = True
    return same, otherwise


def _of_cells(flow: Flow) -> Float32[np.ndarray, "rows columns 2"]:
    return np.ascontiguousarray(flow[::STRIDE, ::STRIDE])


def _mean(
    where: Cells, moves: Float32[np.ndarray, "rows columns 2"]
) -> tuple[Float32[np.ndarray, "rows columns 2"], Cells]:
    """Mean motion of such cells around every cell, and where it is known."""
    size = (AROUND_CELLS, AROUND_CELLS)
    weight = where.astype(np.float32)
    share = cv2.blur(weight, size)
    mean = cv2.blur(weight[..., None] * moves, size) / np.maximum(share, LEAST_SHARE)[..., None]
    return mean, share > LEAST_SHARE


def _large(cells: Cells, least: float) -> Cells:
    """Without connected regions of fewer cells."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    large: np.ndarray = (stats[:, cv2.CC_STAT_AREA] >= least)[labels] & cells
    return large


def _length(offsets: np.ndarray) -> np.ndarray:
    length: np.ndarray = np.linalg.norm(offsets, axis=-1)
    return length


def _square(radius: int) -> np.ndarray:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
