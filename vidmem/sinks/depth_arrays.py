"""Depth as floating-point arrays, at working size: NumPy and OpenEXR."""

import errno
import os
from pathlib import Path

import numpy as np

from vidmem.errors import SinkError
from vidmem.sinks.frame_folders import FrameFolder
from vidmem.types import Result


class DepthNpz(FrameFolder):
    """``%05d.npz``: inverse, confidence, metric, scene, intrinsics (fx, fy, cx, cy), seconds."""

    suffix = ".npz"

    def save(self, path: Path, result: Result) -> None:
        """One frame; a frame without depth gets no file."""
        if result.depth is None:
            return
        camera = result.depth.intrinsics
        np.savez_compressed(
            path,
            inverse=result.depth.inverse,
            confidence=result.depth.confidence,
            metric=np.array(result.depth.metric),
            scene=np.array(result.depth.scene),
            intrinsics=np.array([camera.fx, camera.fy, camera.cx, camera.cy]),
            seconds=np.array(result.frame.seconds),
        )


class DepthExr(FrameFolder):
    """``%05d.exr``: channel Z (metres, or the scene's unit; infinite where unknown), confidence.

    Raises:
        SinkError: the package OpenEXR is not installed.
    """

    suffix = ".exr"

    def save(self, path: Path, result: Result) -> None:
        """One frame; a frame without depth gets no file."""
        try:
            import OpenEXR
        except ImportError:
            raise SinkError(
                "The sink depth-exr uses the package OpenEXR, which is not installed.",
                remedy="Run pip install OpenEXR, or use depth-npz.",
            ) from None
        if result.depth is None:
            return
        inverse = result.depth.inverse
        far = np.full_like(inverse, np.inf)
        header = {
            "compression": OpenEXR.ZIP_COMPRESSION,
            "type": OpenEXR.scanlineimage,
            "unit": "metre" if result.depth.metric else f"scene {result.depth.scene}",
        }
        channels = {
            "Z": np.divide(1.0, inverse, out=far, where=inverse > 0),
            "confidence": np.ascontiguousarray(result.depth.confidence),
        }
        try:
            OpenEXR.File(header, channels).write(str(path))
        except RuntimeError as error:  # OpenEXR hides the system's number in its text
            full = os.strerror(errno.ENOSPC) in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from None
