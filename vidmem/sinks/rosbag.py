"""``rosbag``: an MCAP bag of ROS 2 messages: picture, camera, pose, masks, depth, objects."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from vidmem.errors import SinkError
from vidmem.messages import camera_fields, depth_fields, label_fields, picture_fields, stamp_fields
from vidmem.sinks.frame_folders import labels_of
from vidmem.sinks.places import Place, remove, told
from vidmem.types import Result

FRAME_ID, WORLD_ID = "camera_optical", "world"
NAMESPACE = "/vidmem"
TYPES = {
    "image": "sensor_msgs/msg/Image",
    "camera_info": "sensor_msgs/msg/CameraInfo",
    "labels": "sensor_msgs/msg/Image",
    "depth": "sensor_msgs/msg/Image",
    "objects": "std_msgs/msg/String",
}
BAG_VERSION = 9


class RosBag:
    """A rosbag2 folder. A killed run goes on with one more segment; the end joins them."""

    def __init__(self, final: Path, *, resume: Mapping[str, Any] | None = None) -> None:
        try:
            from rosbags.typesys import Stores, get_typestore
        except ImportError:
            raise SinkError(
                "Writing bags needs the package rosbags.", remedy="pip install 'vidmem[robot]'"
            ) from None
        self._store = get_typestore(Stores.ROS2_HUMBLE)
        self._place = Place(final, folder=True, resume=resume is not None)
        self._done = int(resume["segments"]) if resume else 0
        self._writer: Any = None
        with told(final):
            for path in self._place.partial.iterdir():
                if path not in self._segments():
                    remove(path)

    def write(self, result: Result) -> None:
        """One frame under the stamp of its time; depth only where it is in metres."""
        frame, nanoseconds = result.frame, round(result.frame.seconds * 1e9)
        header = self._header(frame.seconds)
        with told(self._place.final):
            if self._writer is None:
                self._writer = _Writer(self._segments(1)[-1], self._store)
            put = self._writer.put
            if frame.camera_to_world is not None:
                put(
                    "/tf",
                    "tf2_msgs/msg/TFMessage",
                    self._transform(frame.camera_to_world, header),
                    nanoseconds,
                )
            if frame.intrinsics is not None:
                camera = self._camera(camera_fields(frame.intrinsics, frame.size), header)
                self._put("camera_info", camera, nanoseconds)
            self._put("image", self._image(picture_fields(frame.image), header), nanoseconds)
            self._put("labels", self._image(label_fields(labels_of(result)), header), nanoseconds)
            depth = depth_fields(result.depth) if result.depth is not None else None
            if depth is not None:
                self._put("depth", self._image(depth, header), nanoseconds)
            states = json.dumps([asdict(state) for state in result.objects])
            text = self._store.types["std_msgs/msg/String"](data=states)
            self._put("objects", text, nanoseconds)

    def checkpoint(self) -> dict[str, Any]:
        """Close the segment."""
        with told(self._place.final):
            self._finish()
        return {"segments": self._done}

    def close(self) -> None:
        """Join the segments and rename; without a frame there is no bag."""
        with told(self._place.final):
            self._finish()
            if not self._done:
                self._place.discard()
                return
            joined = _Writer(self._place.partial / "joined", self._store)
            for connection, nanoseconds, raw in self._messages():
                joined.put_raw(connection.topic, connection.msgtype, raw, nanoseconds)
            joined.close()
        self._place.publish(inner="joined")

    def abort(self) -> None:
        """Remove everything."""
        if self._writer is not None:
            self._writer.abort()
            self._writer = None
        self._place.discard()

    def _segments(self, more: int = 0) -> list[Path]:
        return [self._place.partial / f"{number:05d}" for number in range(self._done + more)]

    def _finish(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()
            self._done += 1

    def _messages(self) -> Iterator[Any]:
        from rosbags.rosbag2 import Reader

        for path in self._segments():
            with Reader(path) as reader:
                yield from reader.messages()

    def _put(self, name: str, message: Any, nanoseconds: int) -> None:
        self._writer.put(f"{NAMESPACE}/{name}", TYPES[name], message, nanoseconds)

    def _header(self, seconds: float) -> Any:
        stamp = self._store.types["builtin_interfaces/msg/Time"](**stamp_fields(seconds))
        return self._store.types["std_msgs/msg/Header"](stamp=stamp, frame_id=FRAME_ID)

    def _image(self, fields: Mapping[str, Any], header: Any) -> Any:
        return self._store.types["sensor_msgs/msg/Image"](header=header, **fields)

    def _camera(self, fields: Mapping[str, Any], header: Any) -> Any:
        types = self._store.types
        whole = types["sensor_msgs/msg/RegionOfInterest"](
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        )
        return types["sensor_msgs/msg/CameraInfo"](
            header=header, binning_x=0, binning_y=0, roi=whole, **fields
        )

    def _transform(self, pose: Float[np.ndarray, "4 4"], header: Any) -> Any:
        from scipy.spatial.transform import Rotation

        types = self._store.types
        x, y, z = pose[:3, 3].tolist()
        turn = Rotation.from_matrix(pose[:3, :3]).as_quat().tolist()
        rotation = types["geometry_msgs/msg/Quaternion"](**dict(zip("xyzw", turn, strict=True)))
        shift = types["geometry_msgs/msg/Vector3"](x=x, y=y, z=z)
        transform = types["geometry_msgs/msg/Transform"](translation=shift, rotation=rotation)
        world = types["std_msgs/msg/Header"](stamp=header.stamp, frame_id=WORLD_ID)
        stamped = types["geometry_msgs/msg/TransformStamped"](
            header=world, child_frame_id=FRAME_ID, transform=transform
        )
        return types["tf2_msgs/msg/TFMessage"](transforms=[stamped])


class _Writer:
    """One bag on the disk."""

    def __init__(self, path: Path, store: Any) -> None:
        from rosbags.rosbag2 import StoragePlugin, Writer

        self._store = store
        self._writer = Writer(path, version=BAG_VERSION, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._topics: dict[str, Any] = {}

    def put(self, topic: str, kind: str, message: Any, nanoseconds: int) -> None:
        """One message."""
        self.put_raw(topic, kind, self._store.serialize_cdr(message, kind), nanoseconds)

    def put_raw(self, topic: str, kind: str, raw: Any, nanoseconds: int) -> None:
        """One message as it is on the wire."""
        if topic not in self._topics:
            self._topics[topic] = self._writer.add_connection(topic, kind, typestore=self._store)
        self._writer.write(self._topics[topic], max(0, nanoseconds), raw)

    def close(self) -> None:
        """Finish the file."""
        try:
            self._writer.close()
        except OSError:
            self.abort()
            raise

    def abort(self) -> None:
        """Let go of the file, whatever becomes of it."""
        if self._writer.storage is not None:
            with suppress(OSError):  # a full disk: the rest of the buffer is not wanted any more
                self._writer.storage.abort()
