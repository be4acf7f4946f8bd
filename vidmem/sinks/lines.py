"""``results.jsonl``: one JSON object per frame."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool

from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.places import Place, told
from vidmem.types import ObjectState, Result


class Lines:
    """A text file that only grows; a killed run cuts it back to the last checkpoint."""

    def __init__(self, path: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        path.touch()
        self._file = path.open("r+b")
        self._file.truncate(resume["bytes"] if resume else 0)
        self._file.seek(0, os.SEEK_END)

    def write(self, value: object) -> None:
        """Append one JSON value."""
        self._file.write(json.dumps(value).encode() + b"\n")

    def checkpoint(self) -> dict[str, Any]:
        """Everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return {"bytes": self._file.tell()}

    def close(self) -> None:
        """Finish."""
        self._file.close()

    def abort(self) -> None:
        """Finish, whatever becomes of it."""
        with suppress(OSError):  # a full disk: the rest of the buffer is not wanted any more
            self._file.close()


class ResultLines:
    """Per frame: time, objects with box, area and COCO RLE, times, memory and its decisions."""

    def __init__(self, final: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        self._place = Place(final, folder=False, resume=resume is not None)
        with told(final):
            self._lines = Lines(self._place.partial, resume=resume)

    def write(self, result: Result) -> None:
        """One more line."""
        labels = cv2.transpose(labels_of(result)).T  # columns in a row, as run lengths are counted
        line = {
            "index": result.frame.index,
            "seconds": round(result.frame.seconds, 6),
            "objects": [describe(state, labels == state.object_id) for state in result.objects],
            "milliseconds": {name: round(ms, 3) for name, ms in result.milliseconds.items()},
            "memory_bytes": result.memory_bytes,
            "kept": [asdict(decision) for decision in result.kept],
        }
        if result.skipped or result.late_ms:
            line["skipped"], line["late_ms"] = list(result.skipped), round(result.late_ms, 3)
        if result.frame.gap_seconds:
            line["gap_seconds"] = round(result.frame.gap_seconds, 3)
        with told(self._place.final):
            self._lines.write(line)

    def checkpoint(self) -> dict[str, Any]:
        """Everything to the disk."""
        with told(self._place.final):
            return self._lines.checkpoint()

    def close(self) -> None:
        """Finish and rename."""
        with told(self._place.final):
            self._lines.close()
        self._place.publish()

    def abort(self) -> None:
        """Remove it."""
        self._lines.abort()
        self._place.discard()


def describe(state: ObjectState, mask: Bool[np.ndarray, "height width"]) -> dict[str, Any]:
    """One object as JSON values; the box is left, top, right, bottom."""
    return {
        "id": state.object_id,
        "name": state.name,
        "status": state.status,
        "presence": round(float(state.presence), 4),
        "box": None if state.box is None else [float(value) for value in state.box],
        "area": int(state.area_px),
        "unseen_seconds": round(float(state.unseen_seconds), 3),
        "position": None if state.position is None else asdict(state.position),
        "segmentation": run_lengths(mask),
    }


def run_lengths(mask: Bool[np.ndarray, "height width"]) -> dict[str, Any]:
    """COCO's compressed run-length encoding, as ``pycocotools.mask.decode`` takes it."""
    from pycocotools import mask as coco

    encoded = coco.encode(np.asfortranarray(mask).view(np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode()}
