"""The one optical-flow wrapper: DIS (Kroeger et al., ECCV 2016) through OpenCV."""

from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.types import Number

Preset = Literal["ultrafast", "fast", "hurried", "brisk", "medium"]
_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "hurried": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    "brisk": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
BRISK_REFINEMENTS = 2
"""Of five: between neighbouring frames the others only cost a fifth of the time."""
HURRIED_STRIDE_PX = 4
HURRIED_DESCENTS = 12
"""Of 25, and at every fourth pixel, not every third: a third less time, for 0.007 of J&F."""
SMALLEST_PX = 16
"""DIS needs patches and pyramid levels: smaller images get zero flow."""
SMALLEST_FAST_PX = 32
"""OpenCV crashes on lower ones with its fast presets."""


def flow(
    source: UInt8[np.ndarray, "height width"],
    target: UInt8[np.ndarray, "height width"],
    *,
    preset: Preset = "medium",
) -> Float32[np.ndarray, "height width 2"]:
    """Where each pixel of ``source`` is in ``target``: x and y offset in pixels."""
    if min(source.shape) < SMALLEST_PX:
        return np.zeros((*source.shape, 2), np.float32)
    # A fresh instance: DIS keeps buffers, and engines may run in several threads.
    start = np.zeros((*source.shape, 2), np.float32)
    small = min(source.shape) < SMALLEST_FAST_PX
    method = cv2.DISOpticalFlow.create(_PRESETS["medium" if small else preset])
    if preset in ("brisk", "hurried"):
        method.setVariationalRefinementIterations(BRISK_REFINEMENTS)
    if preset == "hurried":
        method.setPatchStride(HURRIED_STRIDE_PX)
        method.setGradientDescentIterations(HURRIED_DESCENTS)
    found = method.calc(source, target, start)
    return found.astype(np.float32, copy=False)


def warp(
    image: np.ndarray, offsets: Float32[np.ndarray, "height width 2"], *, outside: Number = 0.0
) -> np.ndarray:
    """``image`` sampled bilinearly where ``offsets`` point; ``outside`` beyond its edge."""
    height, width = offsets.shape[:2]
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return cv2.remap(
        image,
        columns + offsets[..., 0],
        rows + offsets[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside,
    )


def forward_backward_error(
    forward: Float32[np.ndarray, "height width 2"],
    backward: Float32[np.ndarray, "height width 2"],
) -> Float32[np.ndarray, "height width"]:
    """How far a pixel lands from itself after going there and back, in pixels."""
    back = warp(backward, forward, outside=1e3)
    error: np.ndarray = np.linalg.norm(forward + back, axis=-1).astype(np.float32)
    return error
