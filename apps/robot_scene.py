"""A room in MuJoCo: one object among look-alikes, pillars in the way, and a camera that flies.

The renderer is the camera; its depth and segmentation are the truth.
"""

import io
import math
from dataclasses import dataclass

import mujoco
import numpy as np
from PIL import Image

from vidmem import Intrinsics

WIDTH, HEIGHT = 432, 240
FIELD_OF_VIEW_DEGREES = 45.0
"""Vertical."""
TARGET = "target"
LOOK_ALIKES = 3
PILLARS = 3
TO_OPENCV = np.diag([1.0, -1.0, -1.0])
"""MuJoCo's cameras look along -z with y up; ours along z with y down."""


@dataclass(frozen=True)
class Truth:
    """What the renderer knows of one picture."""

    inside: np.ndarray
    """The target's pixels."""
    depth_m: np.ndarray
    centroid_m: np.ndarray | None
    """Of the target's visible side in the camera frame; None where it cannot be seen."""


class Scene:
    """One room per seed; the target creeps along a circle of its own."""

    def __init__(self, seed: int, *, target_speed: float) -> None:
        random = np.random.default_rng(seed)
        self._model = mujoco.MjModel.from_xml_string(_xml(random), assets=_pictures(random))
        self._data = mujoco.MjData(self._model)
        self._speed = target_speed
        self._phase = float(random.uniform(0, 6))
        self._renderer = mujoco.Renderer(self._model, HEIGHT, WIDTH)
        geoms = range(self._model.ngeom)
        body = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_BODY, TARGET)
        self._target = [g for g in geoms if self._model.geom_bodyid[g] == body]

    @property
    def intrinsics(self) -> Intrinsics:
        """Of the renderer."""
        focal = 0.5 * HEIGHT / math.tan(math.radians(FIELD_OF_VIEW_DEGREES) / 2)
        return Intrinsics(focal, focal, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)

    def look(
        self, position: np.ndarray, yaw: float, pitch: float, seconds: float
    ) -> tuple[np.ndarray, np.ndarray, Truth]:
        """The picture, the camera's pose (OpenCV axes to world) and the truth."""
        rotation = facing(yaw, pitch)
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, (rotation @ TO_OPENCV).ravel())
        angle = self._phase + self._speed * seconds / 0.3
        target = 0.3 * np.array([math.cos(angle), math.sin(angle), 0.0])
        self._data.mocap_pos[:] = [target, position]
        self._data.mocap_quat[1] = quaternion
        mujoco.mj_forward(self._model, self._data)
        self._renderer.update_scene(self._data, camera="eye")
        image = self._renderer.render().copy()
        self._renderer.enable_depth_rendering()
        depth = self._renderer.render().copy()
        self._renderer.disable_depth_rendering()
        self._renderer.enable_segmentation_rendering()
        geoms = self._renderer.render()[..., 0]
        self._renderer.disable_segmentation_rendering()
        inside = np.isin(geoms, self._target)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation, position
        return image, pose, Truth(inside, depth, self._centroid(inside, depth))

    def close(self) -> None:
        """Let go of the renderer."""
        self._renderer.close()

    def _centroid(self, inside: np.ndarray, depth: np.ndarray) -> np.ndarray | None:
        rows, columns = np.nonzero(inside)
        if not len(rows):
            return None
        eye, z = self.intrinsics, depth[rows, columns]
        points = [z * (columns - eye.cx) / eye.fx, z * (rows - eye.cy) / eye.fy, z]
        return np.stack(points, 1).mean(0)


def facing(yaw: float, pitch: float) -> np.ndarray:
    """Camera axes (right, down, forward) as columns; world z is up, pitch is positive downwards."""
    ahead = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    forward = math.cos(pitch) * ahead - math.sin(pitch) * up
    return np.stack([right, np.cross(forward, right), forward], 1)


def _pictures(random: np.random.Generator) -> dict[str, bytes]:
    """Patchy textures: something for optical flow to hold on to."""
    hue = random.uniform(0, 1)
    colours = {"floor": (0.55, 0.5, 0.42), "wall": (0.6, 0.62, 0.66), "pillar": (0.4, 0.42, 0.4)}
    colours["it"] = tuple(0.5 + 0.45 * np.cos(2 * np.pi * (hue + np.array([0, 1, 2]) / 3)))
    for i in range(LOOK_ALIKES):
        near = hue + random.choice([-1, 1]) * random.uniform(0.12, 0.2)
        colours[f"like{i}"] = tuple(0.5 + 0.45 * np.cos(2 * np.pi * (near + np.arange(3) / 3)))
    return {f"{name}.png": _patchy(random, np.array(rgb)) for name, rgb in colours.items()}


def _patchy(random: np.random.Generator, colour: np.ndarray) -> bytes:
    grain = sum(
        np.kron(random.normal(0, 0.09, (256 // s, 256 // s, 1)), np.ones((s, s, 1)))
        for s in (4, 8, 32)
    )
    image = (255 * np.clip(colour + grain, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def _figure(material: str, scale: float) -> str:
    """A body, a belly and a head."""
    return f"""
      <geom type="box" size="{0.17 * scale} {0.13 * scale} {0.1 * scale}"
            pos="0 0 {0.1 * scale}" material="{material}"/>
      <geom type="cylinder" size="{0.11 * scale} {0.1 * scale}" pos="0 0 {0.29 * scale}"
            material="{material}"/>
      <geom type="sphere" size="{0.09 * scale}" pos="0 0 {0.46 * scale}" material="{material}"/>"""


def _xml(random: np.random.Generator) -> str:
    names = ["floor", "wall", "pillar", "it", *(f"like{i}" for i in range(LOOK_ALIKES))]
    repeat = {"floor": 6, "wall": 4}
    assets = "".join(
        f'<texture name="{n}" type="2d" file="{n}.png"/><material name="{n}" texture="{n}" '
        f'texrepeat="{repeat.get(n, 1)} {repeat.get(n, 1)}" specular="0.05"/>'
        for n in names
    )
    start = random.uniform(0, 2 * math.pi)
    bodies = ""
    for i in range(LOOK_ALIKES):
        angle = start + 2 * math.pi * (i + random.uniform(0.2, 0.8)) / LOOK_ALIKES
        far = random.uniform(0.9, 1.3)
        place = f"{far * math.cos(angle):.3f} {far * math.sin(angle):.3f} 0"
        bodies += f'<body pos="{place}">{_figure(f"like{i}", random.uniform(0.85, 1.1))}</body>'
    for i in range(PILLARS):
        angle = start + 2 * math.pi * (i + random.uniform(-0.1, 0.1)) / PILLARS
        place = f"{1.6 * math.cos(angle):.3f} {1.6 * math.sin(angle):.3f} 0.6"
        bodies += f'<geom type="cylinder" size="0.1 0.6" pos="{place}" material="pillar"/>'
    walls = "".join(
        f'<geom type="box" size="{size}" pos="{place}" material="wall"/>'
        for size, place in (
            ("5 .1 1.5", "0 5 1.5"), ("5 .1 1.5", "0 -5 1.5"),
            (".1 5 1.5", "5 0 1.5"), (".1 5 1.5", "-5 0 1.5"),
        )
    )  # fmt: skip
    return f"""<mujoco><visual><global fovy="{FIELD_OF_VIEW_DEGREES}"/>
      <headlight ambient=".45 .45 .45" diffuse=".35 .35 .35"/><map znear="0.02"/></visual>
      <asset>{assets}</asset><worldbody>
      <light pos="1 1 4" dir="-.2 -.2 -1" diffuse=".4 .4 .4" castshadow="true"/>
      <geom type="plane" size="5 5 .1" material="floor"/>{walls}{bodies}
      <body name="{TARGET}" mocap="true">{_figure("it", 1.0)}</body>
      <body name="drone" mocap="true"><camera name="eye" fovy="{FIELD_OF_VIEW_DEGREES}"/></body>
      </worldbody></mujoco>"""
