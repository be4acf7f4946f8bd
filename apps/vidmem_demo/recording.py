"""What was answered so far, on disk, so that it can be looked at again and written as files."""

from array import array
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from math import nan
from pathlib import Path

import cv2
import numpy as np
import torch

from vidmem import Frame, Result
from vidmem.types import Decision

LARGEST_BYTES = 4 * 2**30
"""Of one session's answers on disk: about 9,000 frames with depth. Later ones are only shown."""
DECISIONS = 4000
OUTLINE_WIDTH = 168
"""Of the small masks of keyframes, in pixels."""


class Recording:
    """The results of frames 0, 1, 2, ... of one video. A frame that comes again replaces the rest.

    Args:
        folder: an empty folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._slim: list[Result] = []
        self._bytes = 0
        self.seconds: array[float] = array("d")
        self.presence: dict[int, array[float]] = {}
        """Per object, one number a frame; no number before its first prompt."""
        self.decisions: deque[Decision] = deque(maxlen=DECISIONS)
        self.small_labels: dict[int, np.ndarray] = {}
        """Of the keyframes in memory, by frame."""

    def __len__(self) -> int:
        """Frames seen."""
        return len(self.seconds)

    @property
    def kept(self) -> int:
        """Frames that can be written as files: all, or the first ones of a very long video."""
        return len(self._slim)

    def add(self, result: Result, keyframes: Collection[int]) -> None:
        """Take the next result, or one that replaces an earlier one and what followed it.

        Args:
            result: of a frame.
            keyframes: frames in memory after it.
        """
        index = result.frame.index
        self.cut(index)
        self.seconds.append(result.frame.seconds)
        for state in result.objects:
            curve = self.presence.setdefault(state.object_id, array("f"))
            curve.extend([nan] * (index - len(curve)))
            curve.append(state.presence)
        self.decisions.extend(result.kept)
        labels = {i: small for i, small in self.small_labels.items() if i in keyframes}
        if index in keyframes:
            labels[index] = _small(result.masks.labels)
        self.small_labels = labels
        if len(self._slim) == index and self._bytes < LARGEST_BYTES:
            self._store(result)

    def cut(self, index: int) -> None:
        """Forget frame ``index`` and what followed."""
        if index >= len(self.seconds):
            return
        del self.seconds[index:]
        for curve in self.presence.values():
            del curve[index:]
        kept = [d for d in self.decisions if d.frame < index]
        self.decisions.clear()
        self.decisions.extend(kept)
        for number in range(index, len(self._slim)):
            self._bytes -= self._path(number).stat().st_size
            self._path(number).unlink()
        del self._slim[index:]

    def answer(self, frame: Frame) -> Result | None:
        """The result of a frame, put together again; None where it is not kept."""
        if frame.index >= len(self._slim) or not self._path(frame.index).exists():
            return None  # the tab may just have been closed
        slim = self._slim[frame.index]
        with np.load(self._path(frame.index)) as stored:
            labels = cv2.imdecode(stored["labels"], cv2.IMREAD_UNCHANGED)
            depth = slim.depth and replace(
                slim.depth,
                inverse=stored["inverse"],
                confidence=stored["confidence"].astype(np.float32),
            )
        return replace(slim, frame=frame, masks=replace(slim.masks, labels=labels), depth=depth)

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:07d}.npz"

    def _store(self, result: Result) -> None:
        labels = result.masks.labels
        assert labels is not None
        arrays = {"labels": cv2.imencode(".png", labels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]}
        depth, nothing = result.depth, np.zeros((0, 0), np.float32)
        if depth is not None:
            arrays |= {"inverse": depth.inverse, "confidence": depth.confidence.astype(np.float16)}
            depth = replace(depth, inverse=nothing, confidence=nothing, state={}, keyframe={})
        path = self._path(result.frame.index)
        np.savez(path, **arrays)  # type: ignore[arg-type]
        self._bytes += path.stat().st_size
        masks = replace(
            result.masks, logits=torch.zeros(0, 0, 0), labels=None, state={}, attention={},
            alternatives={},
        )  # fmt: skip
        blank = replace(result.frame, image=np.zeros((1, 1, 3), np.uint8))
        self._slim.append(replace(result, frame=blank, masks=masks, depth=depth))


def _small(labels: np.ndarray | None) -> np.ndarray:
    assert labels is not None
    height, width = labels.shape
    size = OUTLINE_WIDTH, max(1, round(height * OUTLINE_WIDTH / width))
    return cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
