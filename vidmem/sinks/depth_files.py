"""Depth as numbers: 16-bit PNG, at working size as it was measured."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt16

from vidmem.sinks.frame_folders import FrameFolder
from vidmem.sinks.places import told
from vidmem.sinks.png import png_of_steps
from vidmem.types import Depth, Result

MILLIMETRE = 0.001
LARGEST = 65_535
HEADROOM = 2.0
"""How much nearer things may come before the step has to grow."""


class DepthPictures(FrameFolder):
    """``%05d.png``, 16 bits: ``multiply_by`` times the value is the quantity, 0 is unknown.

    Metric depth is in millimetres, as sensors store it (65.5 m and more are unknown); other depth
    is inverse, in the unit of its scene. The number and its meaning stand in every file's text
    chunks, and for the whole folder in the ``.json`` beside it.
    """

    def __init__(self, final: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        super().__init__(final, resume=resume)
        self._steps: dict[int, float] = (
            {int(scene): step for scene, step in resume["steps"].items()} if resume else {}
        )
        self._runs: list[dict[str, Any]] = list(resume["runs"]) if resume else []

    def save(self, path: Path, result: Result) -> None:
        """One frame; a frame without depth gets no file."""
        depth = result.depth
        if depth is None:
            return
        meaning = self._meaning(depth)
        if not self._runs or self._runs[-1]["meaning"] != meaning:
            self._runs.append({"from_frame": result.frame.index, "meaning": meaning})
        path.write_bytes(png_of_steps(to_steps(depth, meaning["multiply_by"]), meaning))

    def checkpoint(self) -> dict[str, Any]:
        """The steps go along."""
        return {**super().checkpoint(), "steps": self._steps, "runs": self._runs}

    def close(self) -> None:
        """Write what the numbers mean, and rename."""
        with told(self.place.final):
            (self.place.partial / "depth.json").write_text(json.dumps(self._runs, indent=2))
        super().close()

    def _meaning(self, depth: Depth) -> dict[str, Any]:
        if depth.metric:
            step = MILLIMETRE
        else:
            largest = float(np.nanmax(depth.inverse, initial=0.0, where=np.isfinite(depth.inverse)))
            step = self._steps.get(depth.scene, 0.0)
            if largest > step * LARGEST or step == 0.0:
                step = max(largest, 1e-6) * HEADROOM / LARGEST
            self._steps = {depth.scene: step}
        return {
            "quantity": "depth" if depth.metric else "inverse depth",
            "unit": "metre" if depth.metric else "1 / unit of the scene",
            "multiply_by": step,
            "unknown": 0,
            "scene": depth.scene,
        }


def to_steps(depth: Depth, step: float) -> UInt16[np.ndarray, "rows columns"]:
    """Metres or inverse depth in steps; what is unknown or does not fit is 0."""
    inverse = depth.inverse
    known = np.isfinite(inverse) & (inverse > 0)
    values = np.zeros_like(inverse)
    if depth.metric:
        np.divide(1 / step, inverse, out=values, where=known)
    else:
        np.multiply(inverse, 1 / step, out=values, where=known)
    return np.where(values < LARGEST + 0.5, np.rint(values), 0).astype(np.uint16)
