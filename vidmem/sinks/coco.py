"""COCO instances: one JSON file with run-length masks, written without holding it in memory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.lines import Lines, run_lengths
from vidmem.sinks.places import Place, told
from vidmem.types import ObjectState, Result


class CocoFile:
    """Frames are images, names are categories; ``track_id`` is the object, ``score`` its presence.

    Args:
        final: the file to be.
        resume: state from ``checkpoint``.
    """

    def __init__(self, final: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        self._place = Place(final, folder=True, resume=resume is not None)
        self._names: list[str] = list(resume["names"]) if resume else []
        self._count = resume["count"] if resume else 0
        with told(final):
            self._images = self._lines("images", resume)
            self._annotations = self._lines("annotations", resume)

    def write(self, result: Result) -> None:
        """One image and its visible objects."""
        labels = labels_of(result)
        height, width = labels.shape
        index = result.frame.index
        image = {
            "id": index + 1,
            "file_name": f"{index:05d}.jpg",
            "width": width,
            "height": height,
            "seconds": round(result.frame.seconds, 6),
        }
        with told(self._place.final):
            self._images.write(image)
            for state in result.objects:
                if (labels == state.object_id).any():
                    self._annotations.write(
                        self._annotation(state, run_lengths(labels == state.object_id), index)
                    )

    def checkpoint(self) -> dict[str, Any]:
        """Everything to the disk."""
        with told(self._place.final):
            return {
                "images": self._images.checkpoint(),
                "annotations": self._annotations.checkpoint(),
                "names": self._names,
                "count": self._count,
            }

    def close(self) -> None:
        """Put the parts together and rename."""
        with told(self._place.final):
            self._images.close()
            self._annotations.close()
            with (self._place.partial / "joined").open("w") as file:
                self._join(file)
        self._place.publish(inner="joined")

    def abort(self) -> None:
        """Remove everything."""
        self._images.abort()
        self._annotations.abort()
        self._place.discard()

    def _lines(self, part: str, resume: Mapping[str, Any] | None) -> Lines:
        return Lines(self._place.partial / part, resume=resume[part] if resume else None)

    def _annotation(
        self, state: ObjectState, segmentation: dict[str, Any], index: int
    ) -> dict[str, Any]:
        from pycocotools import mask

        self._count += 1
        if state.name not in self._names:
            self._names.append(state.name)
        return {
            "id": self._count,
            "image_id": index + 1,
            "category_id": self._names.index(state.name) + 1,
            "segmentation": segmentation,
            "bbox": [float(value) for value in mask.toBbox(segmentation)],
            "area": int(mask.area(segmentation)),
            "iscrowd": 0,
            "track_id": state.object_id,
            "score": round(float(state.presence), 4),
        }

    def _join(self, file: TextIO) -> None:
        categories = [{"id": i, "name": name} for i, name in enumerate(self._names, 1)]
        file.write(f'{{"info": {{}}, "categories": {json.dumps(categories)}')
        for part in ("images", "annotations"):
            file.write(f', "{part}": [')
            with (self._place.partial / part).open() as lines:
                for number, line in enumerate(lines):
                    file.write(("," if number else "") + "\n" + line.rstrip())
            file.write("]")
        file.write("}\n")
