"""What a procedural scene is made of: parts, bodies, a camera, light. Arrays only, no rendering.

Axes follow OpenCV: x right, y **down**, z forward; metres. The floor is the plane y = 0, so what
stands on it has negative y. Every part is a *unit* shape under an affine matrix, which makes
casting, flow and deformation one rule: a point keeps its local coordinates, the matrix moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

Shape = Literal["room", "box", "ball", "cylinder", "card"]
"""Room: the cube -1..1 seen from inside. Cylinder: along y. Card: the square z = 0, cut out."""
SHAPES: tuple[Shape, ...] = ("room", "box", "ball", "cylinder", "card")
Number = float | int
"""Type checks at run time do not take a whole number for a float."""
Matrices = Float[np.ndarray, "moments 4 4"]
"""One 4x4 matrix for all frames, or one per frame."""


@dataclass(frozen=True, slots=True)
class Skin:
    """A texture of the scene and how many of its tiles lie on a metre."""

    texture: int
    tiles_per_m: Number = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One unit shape in its body. A box or room may have one skin per face: -x +x -y +y -z +z."""

    shape: Shape
    local: Matrices
    skins: tuple[Skin, ...]
    silhouette: int = 0
    wave: Float[np.ndarray, " frames"] | None = None
    """A card's bending per frame, as a share of its half-size."""
    tint: Float[np.ndarray, "frames 3"] | None = None
    """Multiplies the colour, per frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Parts that move together. ``object_id`` 0 is background."""

    object_id: int
    name: str
    root: Matrices
    parts: tuple[Part, ...]
    shadow_m: Number = 0.0
    """Radius of the soft shadow below it; 0 for none."""

    def moved(self, root: Matrices) -> "Body":
        """The same body on another path."""
        return replace(self, root=root)


@dataclass(frozen=True, slots=True, eq=False)
class CameraTrack:
    """Where the camera is and how far it is zoomed, per frame."""

    camera_to_world: Float[np.ndarray, "frames 4 4"]
    focal: Float[np.ndarray, " frames"]
    """Focal length as a share of the image width."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """One sun or lamp, an even rest, and haze."""

    towards: tuple[float, float, float]
    ambient: float
    haze_m: float
    """Distance at which half the colour is haze; infinity for none."""
    haze_colour: tuple[float, float, float] = (0.75, 0.8, 0.85)


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """What the camera's electronics do, per frame."""

    gain: Float[np.ndarray, "frames 3"]
    """Exposure times white balance, per channel."""
    noise: float
    rolling: float
    """Strength of the bands that roll through the picture."""
    blur: float
    """Share of the frame time the shutter is open."""
    jpeg_quality: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything a frame is rendered from."""

    bodies: tuple[Body, ...]
    camera: CameraTrack
    light: Light
    grade: Grade
    textures: UInt8[np.ndarray, "textures side side 3"]
    silhouettes: Float[np.ndarray, "silhouettes side2 side2"]

    @property
    def frames(self) -> int:
        """How long it is."""
        return len(self.camera.focal)

    @property
    def names(self) -> dict[int, str]:
        """Object id to name."""
        return {body.object_id: body.name for body in self.bodies if body.object_id}

    def only(self, ids: Sequence[int]) -> "Scene":
        """The scene reduced to some objects: enough to see who hides whom."""
        return replace(self, bodies=tuple(b for b in self.bodies if b.object_id in ids))

    def with_body(self, body: Body) -> "Scene":
        """The scene with the body of the same object id replaced."""
        bodies = (body if b.object_id == body.object_id else b for b in self.bodies)
        return replace(self, bodies=tuple(bodies))


def scaling(x: Number, y: Number, z: Number) -> Matrices:
    """Half-sizes along the axes, as one matrix."""
    return np.diag([x, y, z, 1.0])[None]


def placing(position: Float[np.ndarray, "moments 3"]) -> Matrices:
    """Translations."""
    matrices = np.tile(np.eye(4), (len(position), 1, 1))
    matrices[:, :3, 3] = position
    return matrices


def at(x: Number, y: Number, z: Number) -> Matrices:
    """One translation."""
    return placing(np.array([[x, y, z]], dtype=np.float64))


def turning(axis: Literal["x", "y", "z"], radians: Float[np.ndarray, " moments"]) -> Matrices:
    """Rotations about one axis."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrices = np.tile(np.eye(4), (len(radians), 1, 1))
    matrices[:, i, i] = matrices[:, j, j] = np.cos(radians)
    matrices[:, j, i] = np.sin(radians)
    matrices[:, i, j] = -np.sin(radians)
    return matrices


def exists(matrices: Matrices, present: Bool[np.ndarray, " frames"]) -> Matrices:
    """Matrices that put a part out of the world, far below the floor, where it is not present."""
    moved = np.broadcast_to(matrices, (len(present), 4, 4)).copy()
    moved[~present, 1, 3] += 1e4
    return moved
