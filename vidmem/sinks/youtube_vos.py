"""YouTube-VOS: palette masks per video, and ``meta.json`` saying who is in which frame."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidmem.sinks.frame_folders import MaskFolder
from vidmem.sinks.places import told
from vidmem.types import Result


class YouTubeVosFolder(MaskFolder):
    """``Annotations/<video>/%05d.png`` and ``meta.json``.

    Args:
        final: the folder to be.
        sequence: the video's name.
        resume: state from ``checkpoint``.
    """

    def __init__(
        self, final: Path, *, sequence: str, resume: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(final, inside=f"Annotations/{sequence}", resume=resume)
        self._sequence = sequence
        # First and last frame of every visit: a list of frames would grow with the video.
        self._visits: dict[str, dict[str, Any]] = dict(resume["visits"]) if resume else {}

    def save(self, path: Path, result: Result) -> None:
        """One mask; objects that can be seen are noted."""
        super().save(path, result)
        index = result.frame.index
        for state in result.objects:
            known = self._visits.setdefault(
                str(state.object_id), {"category": state.name, "spans": []}
            )
            spans = known["spans"]
            if not state.area_px:
                continue
            if spans and spans[-1][1] == index - 1:
                spans[-1][1] = index
            else:
                spans.append([index, index])

    def checkpoint(self) -> dict[str, Any]:
        """The visits go along."""
        return {**super().checkpoint(), "visits": self._visits}

    def close(self) -> None:
        """Write ``meta.json`` and rename."""
        objects = {
            number: {
                "category": known["category"],
                "frames": [
                    f"{index:05d}"
                    for first, last in known["spans"]
                    for index in range(first, last + 1)
                ],
            }
            for number, known in self._visits.items()
        }
        with told(self.place.final):
            meta = {"videos": {self._sequence: {"objects": objects}}}
            (self.place.partial / "meta.json").write_text(json.dumps(meta))
        super().close()
