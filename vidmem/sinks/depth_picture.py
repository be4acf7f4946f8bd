"""Depth as a picture: near is warm, what is unsure fades, the range follows slowly: no flicker."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.drawing import FONT, WHITE
from vidmem.types import Depth

FOLLOW = 0.05
"""How far the range moves towards that of the frame, per frame."""
PERCENTILES = (2.0, 98.0)
SAMPLE_STRIDE = 4
SMALLEST_RANGE = 1e-6
SURE = 0.35
"""Confidence from which colours are full."""
LEAST_COLOUR = 0.15
"""Of the colours where nothing is sure."""
FADED = 70
"""Grey that colours fade to."""
LEAST_SURE = 0.1
"""Share of sure pixels from which they alone decide on the range."""
SOFT = 15
"""Pixels over which confidence is smoothed: fading is no second picture."""


class DepthPainter:
    """Paints inverse depth with a running range; a new scene has a new unit and starts again.

    Args:
        state: from ``state``, to go on with the same range.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._low = state["low"] if state else 0.0
        self._high = state["high"] if state else 1.0
        self._unit: tuple[int, bool] | None = (state["scene"], state["metric"]) if state else None

    @property
    def state(self) -> dict[str, Any]:
        """JSON values."""
        scene, metric = self._unit or (None, False)
        return {"low": self._low, "high": self._high, "scene": scene, "metric": metric}

    def __call__(self, depth: Depth, size: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
        """RGB at height and width ``size``, with a legend, in metres where depth is metric."""
        self._follow(depth)
        span = max(self._high - self._low, SMALLEST_RANGE)
        finite = np.nan_to_num(depth.inverse, nan=0.0, posinf=self._high, neginf=0.0)
        near = np.clip((finite - self._low) * (255.0 / span), 0, 255).astype(np.uint8)
        colours = cv2.cvtColor(cv2.applyColorMap(near, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
        small = _faded(colours, depth)
        picture: np.ndarray = cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR)
        self._legend(picture, depth.metric)
        return picture

    def _follow(self, depth: Depth) -> None:
        sample = depth.inverse[::SAMPLE_STRIDE, ::SAMPLE_STRIDE]
        sure = depth.confidence[::SAMPLE_STRIDE, ::SAMPLE_STRIDE] > SURE
        sure = sure if sure.mean() > LEAST_SURE else np.ones_like(sure)
        sample = sample[np.isfinite(sample) & sure]
        if not sample.size:
            return
        low, high = (float(value) for value in np.percentile(sample, PERCENTILES))
        unit = (depth.scene, depth.metric)
        rate = FOLLOW if unit == self._unit else 1.0
        self._unit = unit
        self._low += rate * (low - self._low)
        self._high += rate * (high - self._high)

    def _legend(self, picture: np.ndarray, metric: bool) -> None:
        height, width = picture.shape[:2]
        bar_width, bar_height, margin = max(6, width // 60), height // 3, max(4, height // 40)
        if height < 96 or width < 96:
            return  # no room to read anything
        ramp = np.linspace(255, 0, bar_height).astype(np.uint8)[:, None]
        colours = cv2.cvtColor(cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
        top, left = height - bar_height - margin, width - bar_width - margin
        picture[top : top + bar_height, left : left + bar_width] = colours
        cv2.rectangle(picture, (left - 1, top - 1), (left + bar_width, top + bar_height), WHITE, 1)
        near, middle, far = self._words(metric)
        for text, row in ((near, top), (middle, top + bar_height // 2), (far, top + bar_height)):
            _write_left_of(picture, text, left - 6, row)

    def _words(self, metric: bool) -> tuple[str, str, str]:
        if not metric:
            return "near", "", "far"
        values = (self._high, (self._low + self._high) / 2, self._low)
        near, middle, far = (
            f"{1 / value:.3g} m" if value > SMALLEST_RANGE else "far" for value in values
        )
        return near, middle, far


def _faded(
    colours: UInt8[np.ndarray, "rows columns 3"], depth: Depth
) -> UInt8[np.ndarray, "rows columns 3"]:
    """Colours mixed with grey where depth is unsure."""
    confidence = np.nan_to_num(depth.confidence, nan=0.0).astype(np.float32, copy=False)
    share = cv2.blur(np.clip(confidence / np.float32(SURE), LEAST_COLOUR, 1), (SOFT, SOFT))
    grey = np.full_like(colours, FADED)
    mixed: np.ndarray = cv2.blendLinear(colours, grey, share, 1 - share)
    return mixed


def _write_left_of(picture: np.ndarray, text: str, right: int, row: int) -> None:
    rows = picture.shape[0]
    scale = float(np.clip(rows / 550, 0.4, 1.6))
    (width, height), _ = cv2.getTextSize(text, FONT, scale, 1)
    left, bottom = right - width, min(row + height // 2, rows - 4)
    edge = max(1, round(scale))
    # A shadow of the same weight: OpenCV 5 sets heavier letters wider.
    for across, down in ((-edge, 0), (edge, 0), (0, -edge), (0, edge)):
        place = (left + across, bottom + down)
        cv2.putText(picture, text, place, FONT, scale, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (left, bottom), FONT, scale, WHITE, 1, cv2.LINE_AA)
