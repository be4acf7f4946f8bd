"""Reads a video with measured depth: images, depth in uint16 millimetres, poses, ``K.txt``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Float32

from vidmem.errors import SourceError
from vidmem.sources.images import list_images, read_image
from vidmem.types import Frame, Intrinsics

FRAMES_PER_SECOND = 30.0
UNKNOWN_MM = (0, 65535)


@dataclass(frozen=True, slots=True, eq=False)
class DepthVideo:
    """Images with depth of the same size, one camera, and camera-to-world poses if there are."""

    images: tuple[Path, ...]
    depths: tuple[Path, ...]
    intrinsics: Intrinsics
    poses: tuple[Float[np.ndarray, "4 4"], ...] | None

    def frames(self, *, poses: bool) -> Iterator[Frame]:
        """Read one by one; with their poses where asked for."""
        for index, path in enumerate(self.images):
            pose = self.poses[index] if poses and self.poses else None
            yield Frame(read_image(path), index, index / FRAMES_PER_SECOND, self.intrinsics, pose)

    def depth_m(self, index: int) -> Float32[np.ndarray, "height width"]:
        """Metres, 0 where unknown."""
        stored = cv2.imread(str(self.depths[index]), cv2.IMREAD_UNCHANGED)
        if stored is None or stored.ndim != 2 or stored.dtype != np.uint16:
            raise SourceError(
                f"{self.depths[index]} is no 16-bit depth image.",
                remedy="Give millimetres, uint16.",
            )
        return np.where(np.isin(stored, UNKNOWN_MM), 0, stored / 1000).astype(np.float32)


def read_depth_video(root: Path) -> DepthVideo:
    """Poses are ``poses/*.txt`` with one 4x4 each, or ``poses.txt`` with one per line.

    Raises:
        SourceError: something is missing, or the numbers of files differ.
    """
    images = tuple(list_images(root / "images")) if (root / "images").is_dir() else ()
    depths = tuple(sorted((root / "depth").glob("*.png")))
    if not images or len(images) != len(depths) or not (root / "K.txt").is_file():
        raise SourceError(
            f"{root} has {len(images)} images, {len(depths)} depth maps and "
            f"{'a' if (root / 'K.txt').is_file() else 'no'} K.txt.",
            remedy="Give a folder with images/, depth/*.png (one per image) and K.txt.",
        )
    camera = np.loadtxt(root / "K.txt").reshape(3, 3)
    (fx, _, cx), (_, fy, cy), _ = camera.tolist()
    intrinsics = Intrinsics(fx, fy, cx, cy)
    return DepthVideo(images, depths, intrinsics, _poses(root, len(images)))


def _poses(root: Path, count: int) -> tuple[Float[np.ndarray, "4 4"], ...] | None:
    files = sorted((root / "poses").glob("*.txt"))
    files = files or [p for p in (root / "poses.txt",) if p.is_file()]
    if not files:
        return None
    poses = np.concatenate([np.loadtxt(p).reshape(-1, 4, 4) for p in files])
    if len(poses) != count:
        raise SourceError(
            f"{root} has {len(poses)} poses for {count} images.", remedy="Give one per image."
        )
    return tuple(poses)
