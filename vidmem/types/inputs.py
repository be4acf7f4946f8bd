"""What comes in: frames, cameras and prompts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

Number = float | int
Point = tuple[Number, Number, int]
"""x, y in frame pixels and a label: 1 belongs to the object, 0 does not."""
Box = tuple[Number, Number, Number, Number]
"""left, top, right, bottom in frame pixels; right and bottom are outside."""


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera, in pixels of the image it belongs to."""

    fx: Number
    fy: Number
    cx: Number
    cy: Number
    assumed: bool = False
    """True where nobody measured it: taken from an assumed field of view."""

    def scaled(self, x: Number, y: Number) -> "Intrinsics":
        """The same camera after the image was resized by ``x`` and ``y``."""
        return Intrinsics(self.fx * x, self.fy * y, self.cx * x, self.cy * y, self.assumed)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video: RGB 0-255, its position from 0 and its presentation time.

    ``intrinsics`` are at frame size; ``camera_to_world`` is a rigid pose in metres.
    """

    image: UInt8[np.ndarray, "height width 3"]
    index: int
    seconds: Number
    intrinsics: Intrinsics | None = None
    camera_to_world: Float[np.ndarray, "4 4"] | None = None
    gap_seconds: float = 0.0
    """Without pictures before this one, where a live source was interrupted."""
    ranges: Float[np.ndarray, "points 3"] | None = None
    """Measured distances along the optical axis: x and y in frame pixels, metres."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What a person says about one object in one frame: a box, points, a mask, or box and points.

    Checked against the frame by :func:`vidmem.prompts.check_prompts` when it is used.
    """

    object_id: int
    box: Box | None = None
    points: tuple[Point, ...] = ()
    mask: Bool[np.ndarray, "height width"] | None = None
