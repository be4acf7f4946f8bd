"""The procedural world: clips with exact masks, depth, flow, camera and presence.

A scene is chosen by a seed, cast ray by ray (see :mod:`vidmem.training.casting`) and photographed
(see :mod:`vidmem.training.effects`). :class:`World` renders single frames on demand, so a video of
any length needs the memory of two frames; :func:`make_clip` renders all of them into arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, UInt8

from vidmem.training.camera import FRAMES_PER_SECOND
from vidmem.training.casting import Hits, Stage, build_stage, cast_frames, label_image, one_thread
from vidmem.training.correspondence import flow_to
from vidmem.training.effects import expose
from vidmem.training.render import Paintbox, build_paintbox, colour
from vidmem.training.scene import Number, Scene
from vidmem.types import Frame, Intrinsics


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """The knobs of the world. Strengths: 0 is off, 1 is what a rough hand-held video has."""

    frames: int = 48
    height: int = 240
    width: int = 432
    place: Literal["any", "room", "street", "field"] = "any"
    objects: int = 3
    occluders: int = 1
    furniture: int = 5
    look_alikes: Number = 0.3
    """Chance that an object copies the look of the one before it."""
    speed: Number = 1.0
    camera_motion: Number = 0.6
    travel: Number = 0.5
    """Chance-weighted forward walk of the camera."""
    shake: Number = 0.2
    zoom: Number = 0.15
    exposure: Number = 0.3
    white_balance: Number = 0.3
    motion_blur: Number = 0.3
    noise: Number = 0.4
    rolling_noise: Number = 0.1
    photographs: bool = False
    """Also use photographs as textures; needs scikit-image. See :mod:`.photographs`."""
    jpeg_quality: int | None = 85
    """None leaves pictures uncompressed."""


@dataclass(frozen=True, slots=True, eq=False)
class WorldFrame:
    """One frame and everything that is true about it."""

    index: int
    image: UInt8[np.ndarray, "height width 3"]
    labels: UInt8[np.ndarray, "height width"]
    """Object ids, 0 for background."""
    depth_m: Float32[np.ndarray, "height width"]
    """Camera z, metres."""
    flow: Float32[np.ndarray, "height width 2"]
    """Offset x, y to where the point was in the previous frame, pixels; 0 in the first frame."""
    visible: Bool[np.ndarray, "height width"]
    """Whether the point was seen in the previous frame; false in the first frame."""
    camera_to_world: Float64[np.ndarray, "4 4"]
    intrinsics: Intrinsics

    def to_frame(self) -> Frame:
        """What a source would deliver, with the camera known."""
        seconds = self.index / FRAMES_PER_SECOND
        return Frame(self.image, self.index, seconds, self.intrinsics, self.camera_to_world)


class World:
    """A video rendered on demand. The same scene and seed give the same frames, in any order."""

    def __init__(
        self, scene: Scene, *, height: int, width: int, seed: int, device: str = "cpu"
    ) -> None:
        self.scene = scene
        self.size = (height, width)
        self.seed = seed
        self._stage: Stage = build_stage(scene, device=torch.device(device))
        self._paint: Paintbox = build_paintbox(scene, self._stage)
        self._last: Hits | None = None

    def __len__(self) -> int:
        return self.scene.frames

    @property
    def names(self) -> dict[int, str]:
        """Object id to name."""
        return self.scene.names

    def _hits(self, index: int) -> Hits:
        if self._last is not None and self._last.frames == (index,):
            return self._last
        return cast_frames(self._stage, (index,), self.size)

    @one_thread()
    @torch.no_grad()
    def labels(self, index: int) -> UInt8[np.ndarray, "height width"]:
        """Only the object ids of one frame: much cheaper than the picture."""
        labels = label_image(self._stage, self._hits(index))[0].to(torch.uint8)
        array: np.ndarray = labels.cpu().numpy()
        return array

    @one_thread()
    @torch.no_grad()
    def frame(self, index: int) -> WorldFrame:
        """Render one frame.

        Raises:
            IndexError: before the first or after the last frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        before = self._hits(max(index - 1, 0))
        hits = before if index == 0 else cast_frames(self._stage, (index,), self.size)
        self._last = hits
        flow, visible = flow_to(self._stage, hits, before)
        light = colour(self._stage, self._paint, hits)
        image = expose(light, self.scene.grade, flow=flow, frames=(index,), seed=self.seed)
        labels = label_image(self._stage, hits).to(torch.uint8)
        first = index == 0
        return WorldFrame(
            index=index,
            image=image[0],
            labels=labels[0].cpu().numpy(),
            depth_m=hits.depth_m[0].cpu().numpy(),
            flow=np.zeros((*self.size, 2), np.float32) if first else flow[0].cpu().numpy(),
            visible=np.zeros(self.size, bool) if first else visible[0].cpu().numpy(),
            camera_to_world=self.scene.camera.camera_to_world[index],
            intrinsics=self._intrinsics(index),
        )

    def _intrinsics(self, index: int) -> Intrinsics:
        height, width = self.size
        focal = float(self.scene.camera.focal[index]) * width
        return Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2)

    def frames(self) -> Iterator[Frame]:
        """All pictures in order, as a source delivers them."""
        for index in range(len(self)):
            yield self.frame(index).to_frame()

    def clip(self) -> "Clip":
        """All frames as arrays: for short videos."""
        return Clip.of([self.frame(i) for i in range(len(self))], names=self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A rendered video with its truth, as arrays. Fields as in :class:`WorldFrame`."""

    images: UInt8[np.ndarray, "frames height width 3"]
    labels: UInt8[np.ndarray, "frames height width"]
    depth_m: Float32[np.ndarray, "frames height width"]
    flow: Float32[np.ndarray, "frames height width 2"]
    visible: Bool[np.ndarray, "frames height width"]
    poses: Float64[np.ndarray, "frames 4 4"]
    """Camera to world."""
    intrinsics: tuple[Intrinsics, ...]
    names: dict[int, str]

    @classmethod
    def of(cls, frames: list[WorldFrame], *, names: dict[int, str]) -> "Clip":
        """Stack frames."""
        return cls(
            images=np.stack([f.image for f in frames]),
            labels=np.stack([f.labels for f in frames]),
            depth_m=np.stack([f.depth_m for f in frames]),
            flow=np.stack([f.flow for f in frames]),
            visible=np.stack([f.visible for f in frames]),
            poses=np.stack([f.camera_to_world for f in frames]),
            intrinsics=tuple(f.intrinsics for f in frames),
            names=names,
        )

    def __len__(self) -> int:
        return len(self.images)

    def presence(self, object_id: int) -> Bool[np.ndarray, " frames"]:
        """Whether at least one pixel of the object can be seen, per frame."""
        return np.asarray((self.labels == object_id).any(axis=(1, 2)))

    def frames(self) -> Iterator[Frame]:
        """All pictures in order, as a source delivers them."""
        for index, image in enumerate(self.images):
            seconds = index / FRAMES_PER_SECOND
            yield Frame(image, index, seconds, self.intrinsics[index], self.poses[index])
