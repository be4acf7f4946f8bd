"""Drawn things with transparency around them, as figures for made-up pictures.

Made for a set of three-dimensional emoji with the permissive MIT licence (npm package
``@lobehub/fluent-emoji-3d``, folder ``assets``): people, animals, vehicles and tools with the
light, the parts and the outlines that figures of polygons lack. File names are code points, as
``1f40e.webp``; signs and flags are left out.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from vidmem.errors import SourceError
from vidmem.training.composites import Canvas
from vidmem.training.figures import Random

SIDE = 160
"""Pixels of the longer side, as they are kept."""
FIRST_CODE = 0x2600
FACES = range(0x1F600, 0x1F645)
FACES_KEPT = 6
"""Round yellow faces are many and alike: one in this many is used."""
SIGNS = (
    "SQUARED", "SYMBOL", "SIGN", "CLOCK FACE", "FLAG", "SQUARE", "CIRCLE", "HEART", "DIGIT",
    "ARROW", "BUTTON", "DIAMOND", "REGIONAL", "KEYCAP", "QUESTION", "EXCLAMATION", "MARK",
    "CROSS", "PLUS", "MINUS", "DIVISION", "CURL", "LOZENGE",
)  # fmt: skip
KEYCAP = "20e3"
SEEN = 100
"""Opacity, of 255, from which a pixel is the thing."""

Cutout = UInt8[np.ndarray, "rows columns 4"]
Surface = Float32[np.ndarray, "height width 3"]


class Cutouts:
    """A folder of pictures with transparency, grouped by what they show."""

    def __init__(self, folder: Path) -> None:
        """Look what there is.

        Raises:
            SourceError: nothing that can be used.
        """
        groups: dict[int, list[Path]] = {}
        for path in sorted(folder.glob("*.webp")):
            codes = path.stem.split("-")
            if KEYCAP not in codes and _shows_a_thing(int(codes[0], 16)):
                groups.setdefault(int(codes[0], 16), []).append(path)
        if not groups:
            raise SourceError(
                f"{folder} holds no cutouts (CODE.webp).",
                remedy="Run: npm pack @lobehub/fluent-emoji-3d, unpack it, give its folder assets.",
            )
        self.groups = list(groups.values())
        """Files of one thing and its variants."""

    def any(self, random: Random) -> Cutout:
        """One of them: every kind as likely, whatever variants it has."""
        group = self.groups[int(random.integers(len(self.groups)))]
        return read_cutout(group[int(random.integers(len(group)))])


def _shows_a_thing(code: int) -> bool:
    name = unicodedata.name(chr(code), "")
    if code < FIRST_CODE or any(sign in name for sign in SIGNS):
        return False
    return code not in FACES or code % FACES_KEPT == 0


@lru_cache(maxsize=4000)
def read_cutout(path: Path) -> Cutout:
    """Cut to what can be seen.

    Raises:
        SourceError: it has no transparency.
    """
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.shape[-1] != 4:
        raise SourceError(f"{path} has no transparency.", remedy="Take it out of the folder.")
    image = cv2.resize(cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA), (SIDE, SIDE), None, 0, 0, 3)
    left, top, width, height = cv2.boundingRect((image[..., 3] > SEEN).astype(np.uint8))
    return image[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]


def paste(
    random: Random,
    canvas: Canvas,
    cutout: Cutout,
    *,
    label: int,
    height: float,
    centre: tuple[float, float],
    harmony: float,
) -> None:
    """Draw one, in other colours and with another surface.

    Args:
        random: decides how.
        canvas: the picture.
        cutout: what is drawn.
        label: whose pixels these are now; 0 for clutter.
        height: of its longer side, in pixels, about.
        centre: column and row.
        harmony: 0 for its own colours, 1 for those behind it.
    """
    opacity, colours = _warped(random, _tinted(random, cutout), canvas, height, centre)
    solid = opacity[..., 0] > 0.5
    if solid.sum() < 8:
        return
    if random.random() < 0.65:
        grain = canvas.material().mean(-1, keepdims=True)
        grain, strength = grain - grain[solid].mean(), random.uniform(0, 1)
        if random.random() < 0.7:
            colours = colours * (1 + strength * np.clip(grain / 128, -0.9, 1.5))
        else:
            colours = colours + strength * grain
    if harmony > 0:
        colours = _harmonised(canvas, colours, solid, height, centre, harmony)
    canvas.image += opacity * (colours - canvas.image)
    canvas.labels[solid] = label


def _tinted(random: Random, cutout: Cutout) -> Float32[np.ndarray, "rows columns 4"]:
    """Colours times opacity, and opacity."""
    colours, opacity = cutout[..., :3].astype(np.float32), cutout[..., 3:].astype(np.float32) / 255
    if random.random() < 0.35:
        colours = colours[..., random.permutation(3)]
    grey = colours.mean(-1, keepdims=True)
    colours = grey + random.uniform(0.1, 1.1) * (colours - grey)
    colours = colours * np.exp(random.normal(0, 0.3) + random.normal(0, 0.1, 3))
    return np.concatenate([colours * opacity, opacity], -1).astype(np.float32)


def _warped(
    random: Random,
    tinted: Float32[np.ndarray, "rows columns 4"],
    canvas: Canvas,
    height: float,
    centre: tuple[float, float],
) -> tuple[Float32[np.ndarray, "height width 1"], Surface]:
    """Turned, mirrored and leaning: opacity and colours over the whole picture."""
    rows, columns = tinted.shape[:2]
    scale = height / max(rows, columns) * np.exp(random.normal(0, 0.1))
    wide = np.exp(random.normal(0, 0.12))
    turn = random.normal(0, 10) if random.random() < 0.85 else random.uniform(-180, 180)
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    mirrored = -1 if random.random() < 0.5 else 1
    lean = np.array([[scale * wide * mirrored, random.normal(0, 0.1) * scale], [0, scale / wide]])
    linear = np.array([[c, -s], [s, c]]) @ lean
    shift = np.array(centre) - linear @ (columns / 2, rows / 2)
    if scale < 0.6:
        tinted = cv2.GaussianBlur(tinted, (0, 0), 0.4 * float(np.sqrt(scale**-2 - 1)))
    size = canvas.labels.shape[1], canvas.labels.shape[0]
    drawn = cv2.warpAffine(tinted, np.c_[linear, shift], size, flags=cv2.INTER_LINEAR)
    opacity = drawn[..., 3:].clip(0, 1)
    return opacity, np.asarray(drawn[..., :3] / np.maximum(opacity, 0.05), np.float32)


def _harmonised(
    canvas: Canvas,
    colours: Surface,
    solid: np.ndarray,
    height: float,
    centre: tuple[float, float],
    share: float,
) -> Surface:
    """Towards the mean and the spread of what is behind."""
    rows, columns = canvas.labels.shape
    column, row = int(np.clip(centre[0], 0, columns - 1)), int(np.clip(centre[1], 0, rows - 1))
    near = max(6, int(height / 2))
    behind = canvas.image[
        max(0, row - near) : row + near + 1, max(0, column - near) : column + near + 1
    ]
    behind, own = behind.reshape(-1, 3), colours[solid]
    spread = np.clip((behind.std(0) + 3) / (own.std(0) + 3), 0.5, 1.5)
    wanted = (colours - own.mean(0)) * spread + behind.mean(0)
    return np.asarray(colours + share * (wanted - colours), np.float32)
