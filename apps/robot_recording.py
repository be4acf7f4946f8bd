"""What vidmem answers, as a rerun recording: camera, picture, depth, masks, boxes, points."""

from pathlib import Path

import numpy as np
import rerun as rr

from vidmem import Result

EVERY_PX = 3
"""Pixels between the points of the cloud."""


class Recording:
    """Writes ``.rrd``; open it with the ``rerun`` viewer."""

    def __init__(self, path: Path) -> None:
        self._stream = rr.RecordingStream("vidmem_robot")
        self._stream.save(path)
        self._stream.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)

    def write(self, result: Result) -> None:
        """One frame."""
        frame, log = result.frame, self._stream.log
        self._stream.set_time("frame", sequence=frame.index)
        pose, eye = frame.camera_to_world, frame.intrinsics
        if pose is not None:
            log("world/camera", rr.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]))
        if eye is not None:
            matrix = [[eye.fx, 0, eye.cx], [0, eye.fy, eye.cy], [0, 0, 1]]
            pinhole = rr.Pinhole(image_from_camera=matrix, resolution=frame.size[::-1])
            log("world/camera", pinhole)
        log("world/camera/image", rr.Image(frame.image).compress())
        log("world/camera/masks", rr.SegmentationImage(result.masks.labels))
        states = [state for state in result.objects if state.box is not None]
        log(
            "world/camera/boxes",
            rr.Boxes2D(
                array=[state.box for state in states],
                array_format=rr.Box2DFormat.XYXY,
                labels=[state.name for state in states],
            ),
        )
        for state in states:
            if state.position is not None and state.position.world_centroid_m is not None:
                point = [state.position.world_centroid_m]
                log(f"world/objects/{state.object_id}", rr.Points3D(point, radii=0.05))
        self._depth(result)

    def close(self) -> None:
        """Finish the file."""
        self._stream.disconnect()

    def _depth(self, result: Result) -> None:
        depth = result.depth
        if depth is None:
            return
        metres = np.where(depth.inverse > 0, 1 / np.maximum(depth.inverse, 1e-6), 0)
        self._stream.log("depth", rr.DepthImage(metres.astype(np.float32), meter=1.0))
        rows, columns = np.mgrid[: metres.shape[0] : EVERY_PX, : metres.shape[1] : EVERY_PX]
        z, eye = metres[rows, columns], depth.intrinsics
        points = np.stack([z * (columns - eye.cx) / eye.fx, z * (rows - eye.cy) / eye.fy, z], -1)
        height, width = result.frame.size
        down = rows * height // metres.shape[0]
        across = columns * width // metres.shape[1]
        near = (z > 0) & (z < 20)
        colours = result.frame.image[down, across][near]
        cloud = rr.Points3D(points[near], colors=colours, radii=0.01)
        self._stream.log("world/camera/cloud", cloud)
