"""YOLO segmentation: a data set with images, polygons and ``data.yaml``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Int

from vidmem.sinks.frame_folders import FrameFolder, labels_of
from vidmem.sinks.places import told
from vidmem.types import Result

QUALITY = 95
"""Of JPEG."""
FEWEST_POINTS = 3


class YoloFolder(FrameFolder):
    """``images/%05d.jpg``, ``labels/%05d.txt``; the class is the object's name.

    Args:
        final: the folder to be.
        resume: state from ``checkpoint``.
    """

    suffix = ".txt"

    def __init__(self, final: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        super().__init__(final, inside="labels", resume=resume)
        self._names: list[str] = list(resume["names"]) if resume else []
        with told(final):
            (self.place.partial / "images").mkdir(exist_ok=True)

    def save(self, path: Path, result: Result) -> None:
        """The picture, and one line per object: class and polygon, 0 to 1."""
        from PIL import Image

        labels = labels_of(result)
        rows = []
        for state in result.objects:
            points = outline(labels == state.object_id)
            if not len(points):
                continue
            if state.name not in self._names:
                self._names.append(state.name)
            # Some readers round, some cut the fraction off: a quarter suits both.
            scaled = (points + 0.25) / np.array(labels.shape[::-1])
            numbers = " ".join(f"{value:.6f}" for value in scaled.ravel())
            rows.append(f"{self._names.index(state.name)} {numbers}\n")
        path.write_text("".join(rows))
        image = self.place.partial / "images" / path.with_suffix(".jpg").name
        Image.fromarray(result.frame.image).save(image, quality=QUALITY)

    def checkpoint(self) -> dict[str, Any]:
        """The classes go along."""
        return {**super().checkpoint(), "names": self._names}

    def close(self) -> None:
        """Write ``data.yaml`` and rename."""
        names = json.dumps(self._names)  # JSON is YAML
        with told(self.place.final):
            (self.place.partial / "data.yaml").write_text(
                f"path: .\ntrain: images\nval: images\nnc: {len(self._names)}\nnames: {names}\n"
            )
        super().close()


def outline(mask: Bool[np.ndarray, "height width"]) -> Int[np.ndarray, "points 2"]:
    """One polygon for the whole mask: parts and holes hang on bridges without width.

    Filled with the even-odd rule it is the mask again, but for the pixels that a filler draws
    along the bridges. Empty for an empty mask.
    """
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return np.zeros((0, 2), np.int64)
    rings = sorted((contour[:, 0] for contour in contours), key=len, reverse=True)
    home = rings[0][0]
    walks = []
    for ring in rings:
        nearest = np.argmin(((ring - home) ** 2).sum(1))
        walk = np.roll(ring, -nearest, axis=0)
        walks += [walk, walk[:1], home[None]]
    points = np.concatenate(walks)
    repeated = np.repeat(points[-1:], max(0, FEWEST_POINTS - len(points)), axis=0)
    return np.concatenate([points, repeated]).astype(np.int64)
