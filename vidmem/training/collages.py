"""Made-up pictures of drawn things before photographs and rooms, with exact masks.

Like :mod:`.composites`, where figures and grounds are drawn by numbers; here crowds, riders and
tools, real texture and real clutter come in. What lies on top is what is nearer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.errors import SourceError
from vidmem.training.composites import SIZE, Canvas, Composite, bars, ground, place_figure
from vidmem.training.cutouts import Cutouts, paste
from vidmem.training.figures import Random
from vidmem.training.stills import read_stills

LARGEST = 900
"""Pixels of a photograph's longer side, as it is kept."""
CROWDED = 0.35
OCCLUDED = 0.35
HARMONISED = 0.4
ROOMS, PHOTOGRAPHS = 0.4, 0.35
"""Shares of the grounds; the rest is drawn."""
SHARE_OF_FIGURES = 0.3
SHARE_OF_PAIRS = 0.4
"""Of the cutouts: several together are one object, as a rider and a horse."""

Image = UInt8[np.ndarray, "rows columns 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What collages are made of."""

    cutouts: Cutouts
    photographs: Sequence[Image]
    rooms: UInt8[np.ndarray, "stills height width 3"]

    @classmethod
    def of(cls, cutouts: Path, photographs: Path, rooms: Path) -> "Sources":
        """Read three folders: cutouts, photographs (JPEG or PNG), rendered stills.

        Raises:
            SourceError: one of them is empty.
        """
        paths = sorted(p for p in photographs.iterdir() if p.suffix in (".jpg", ".png"))
        if not paths:
            raise SourceError(
                f"{photographs} holds no photographs (.jpg, .png).",
                remedy="Give a folder of pictures whose licence permits it.",
            )
        return cls(Cutouts(cutouts), [_photograph(p) for p in paths], read_stills(rooms).images)


def _photograph(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise SourceError(f"{path} cannot be read.", remedy="Take it out of the folder.")
    scale = min(1.0, LARGEST / max(image.shape[:2]))
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def collage(seed: int, sources: Sources) -> Composite:
    """The picture of this seed: always the same for the same sources."""
    random = np.random.default_rng([seed, 31])
    canvas = Canvas(random)
    _backdrop(random, canvas, sources)
    clutter(random, canvas, sources)
    if random.random() < 0.5:
        bars(random, canvas, int(random.poisson(1.2)))
    for label in range(1, int(random.integers(1, 4)) + 1):
        _object(random, canvas, sources, label)
    if random.random() < OCCLUDED:
        if random.random() < 0.5:
            bars(random, canvas, int(random.integers(1, 4)))
        else:
            paste_any(random, canvas, sources, 0, random.uniform(0.15, 0.6), random.uniform(0, 0.6))
    return Composite(canvas.image.clip(0, 255).astype(np.uint8), canvas.labels)


def _backdrop(random: Random, canvas: Canvas, sources: Sources) -> None:
    kind = random.random()
    if kind < ROOMS:
        whole = sources.rooms[int(random.integers(len(sources.rooms)))]
    elif kind < ROOMS + PHOTOGRAPHS:
        whole = sources.photographs[int(random.integers(len(sources.photographs)))]
    else:
        ground(random, canvas)
        return
    canvas.image[:] = view(random, whole, SIZE)


def view(
    random: Random, whole: Image, size: tuple[int, int]
) -> Float32[np.ndarray, "height width 3"]:
    """A part of it at ``size`` (rows, columns), mirrored or not, in another light."""
    height, width = size
    rows, columns = whole.shape[:2]
    high = min(rows, columns * height / width) * random.uniform(0.35, 1)
    wide = high * width / height
    top, left = int(random.uniform(0, rows - high)), int(random.uniform(0, columns - wide))
    part = whole[top : top + int(high) + 1, left : left + int(wide) + 1]
    way = cv2.INTER_AREA if high > height else cv2.INTER_CUBIC
    view = cv2.resize(part, (width, height), interpolation=way)
    view = view[:, ::-1] if random.random() < 0.5 else view
    return np.asarray(view * np.exp(random.normal(0, 0.2) + random.normal(0, 0.1, 3)), np.float32)


def clutter(random: Random, canvas: Canvas, sources: Sources) -> None:
    """A few things of any size, or a crowd of things of one size."""
    crowd = random.random() < CROWDED
    count = int(random.integers(8, 22)) if crowd else int(random.integers(0, 6))
    common = random.uniform(0.15, 0.6)
    for _ in range(count):
        spread = random.normal(0, 0.35) if crowd else random.uniform(-2.2, -0.3)
        size = float(np.exp(spread)) * (common if crowd else 1)
        if crowd or random.random() < 0.6:
            paste_any(random, canvas, sources, 0, size, random.uniform(0, 0.7))
        else:
            place_figure(random, canvas, 0, size)


def _object(random: Random, canvas: Canvas, sources: Sources, label: int) -> None:
    size = float(np.exp(random.uniform(-1.6, 0.1)))
    harmony = random.uniform(0.2, 0.8) if random.random() < HARMONISED else 0.0
    if random.random() < SHARE_OF_FIGURES:
        place_figure(random, canvas, label, size)
        return
    height, width = canvas.labels.shape
    centre = random.uniform(0.1, 0.9, 2) * (width, height)
    paste_any(random, canvas, sources, label, size, harmony, centre)
    if random.random() < SHARE_OF_PAIRS:
        for _ in range(int(random.integers(1, 3))):
            beside = centre + random.normal(0, 0.28, 2) * size * height
            paste_any(
                random, canvas, sources, label, size * random.uniform(0.3, 0.9), harmony, beside
            )


def paste_any(
    random: Random,
    canvas: Canvas,
    sources: Sources,
    label: int,
    size: float,
    harmony: float,
    centre: np.ndarray | None = None,
) -> None:
    """``size`` of the picture high, anywhere unless ``centre`` says where."""
    height, width = canvas.labels.shape
    column, row = random.uniform(0, 1, 2) * (width, height) if centre is None else centre
    paste(
        random,
        canvas,
        sources.cutouts.any(random),
        label=label,
        height=size * height,
        centre=(float(column), float(row)),
        harmony=harmony,
    )
