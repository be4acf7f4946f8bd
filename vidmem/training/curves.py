"""The course of a training: one JSON line per record, and a picture of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

Record = Mapping[str, float | int]
SIZE = (360, 720)
MARGIN = 50
COLOURS = {"loss": (190, 190, 190), "held-out loss": (200, 80, 20), "held-out d1": (30, 120, 30)}


class Journal:
    """Lines on disk. After a kill, what was written past the last save is dropped."""

    def __init__(self, path: Path, *, step: int) -> None:
        self.path = path
        kept = [r for r in read_journal(path) if r["step"] <= step]
        path.write_text("".join(json.dumps(record) + "\n" for record in kept))

    def write(self, record: Record) -> None:
        """Append one."""
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")


def read_journal(path: Path) -> list[Record]:
    """All whole lines."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def draw_curves(records: Sequence[Record]) -> UInt8[np.ndarray, "height width 3"]:
    """Loss (smoothed, grey), held-out loss (blue) and held-out d1 (green) over steps, 0 to 1.5."""
    canvas = np.full((*SIZE, 3), 255, np.uint8)
    last = max((r["step"] for r in records), default=1)
    for level in (0, 0.5, 1.0, 1.5):
        y = _row(level)
        cv2.line(canvas, (MARGIN, y), (SIZE[1] - 10, y), (225, 225, 225), 1)
        _write(canvas, f"{level:g}", (8, y + 4), (90, 90, 90))
    for place, (name, colour) in enumerate(COLOURS.items()):
        found = [(r["step"], r[name]) for r in records if name in r]
        _curve(canvas, found, last, colour, smooth=25 if name == "loss" else 1)
        _write(canvas, name, (MARGIN + 10 + 160 * place, 20), colour)
    _write(canvas, f"step {last:g}", (SIZE[1] - 110, SIZE[0] - 12), (90, 90, 90))
    return canvas


def _row(value: float | int) -> int:
    return round(SIZE[0] - 30 - min(value, 1.5) / 1.5 * (SIZE[0] - 70))


def _write(canvas: np.ndarray, text: str, place: tuple[int, int], colour: tuple[int, ...]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


def _curve(
    canvas: np.ndarray,
    found: Sequence[tuple[float | int, float | int]],
    last: float | int,
    colour: tuple[int, ...],
    *,
    smooth: int,
) -> None:
    if len(found) < 2:
        return
    steps, values = np.array(found).T
    window = min(smooth, len(values))
    values = np.convolve(values, np.ones(window) / window, "valid")
    x = MARGIN + steps[window - 1 :] / last * (SIZE[1] - MARGIN - 10)
    points = [(round(a), _row(b)) for a, b in zip(x.tolist(), values.tolist(), strict=True)]
    cv2.polylines(canvas, [np.array(points, np.int32)], False, colour, 2, cv2.LINE_AA)
