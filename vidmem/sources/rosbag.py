"""Frames from ROS bags: a rosbag2 folder, an ``.mcap`` or ``.db3`` file, a ROS 1 ``.bag``."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from vidmem.errors import SourceError, TruncatedError
from vidmem.messages import intrinsics_of, picture_of, pose_of, seconds_of
from vidmem.sources.pictures import Picture, PictureSource, Selection
from vidmem.types import Intrinsics

SUFFIXES = frozenset({".mcap", ".db3", ".bag"})
IMAGES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
NO_PICTURES = ("label", "mask", "depth")
"""Image topics with these in their names come last when none is named."""


def is_bag(path: Path) -> bool:
    """Whether it looks like one."""
    return path.suffix.lower() in SUFFIXES or (path / "metadata.yaml").is_file()


def rosbag_source(path: Path, selection: Selection, *, topic: str | None = None) -> PictureSource:
    """A source over one image topic, with the camera from its CameraInfo and poses from /tf.

    Args:
        path: of the bag.
        selection: which frames.
        topic: of sensor_msgs/Image or CompressedImage; the first one if left out. CameraInfo is
            looked for beside it; a transform on /tf whose child is the picture's frame is taken
            for its pose.

    Raises:
        SourceError: no bag, no such topic, or ``rosbags`` is missing.
    """
    with _opened(path) as reader:
        chosen = _image_topic(reader, path, topic)
        count = sum(c.msgcount for c in reader.connections if c.topic == chosen)
        rate = count / (reader.duration / 1e9) if reader.duration > 0 else None

    def pictures(start: float) -> Iterator[Picture]:
        return _pictures(path, chosen)

    return PictureSource(
        pictures, selection, name=str(path), frames_per_second=rate, frame_count=count
    )


def _opened(path: Path) -> Any:
    """The bag, with the messages of ROS 2 where it brings no definitions of its own."""
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ImportError:
        raise SourceError(
            "Reading bags needs the package rosbags.", remedy="pip install 'vidmem[robot]'"
        ) from None
    try:
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
        reader.open()
    except Exception as error:  # rosbags' readers raise nearly every type on damaged files
        raise SourceError(
            f"{path} cannot be read as a bag ({type(error).__name__}: {error}).",
            remedy="Give a rosbag2 folder, or an .mcap, .db3 or .bag file.",
        ) from None
    return _Closing(reader)


class _Closing:
    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def __enter__(self) -> Any:
        return self._reader

    def __exit__(self, *error: object) -> None:
        self._reader.close()


def _image_topic(reader: Any, path: Path, topic: str | None) -> str:
    topics = [c.topic for c in reader.connections if c.msgtype in IMAGES]
    if topic is None and topics:
        return str(min(topics, key=lambda name: any(word in name for word in NO_PICTURES)))
    if topic is None or topic not in topics:
        raise SourceError(
            f"{path} has no image topic{'' if topic is None else ' ' + repr(topic)}; "
            f"it has: {', '.join(topics) or 'none'}.",
            remedy="Record sensor_msgs/Image or CompressedImage.",
        )
    return topic


def _pictures(path: Path, topic: str) -> Iterator[Picture]:
    """Every picture with the newest camera and pose told before it, in the order of recording."""
    camera: Intrinsics | None = None
    poses: dict[str, Float[np.ndarray, "4 4"]] = {}
    begin: float | None = None
    beside = {f"{topic.rsplit('/', 1)[0]}/camera_info", f"{topic}/camera_info"}
    with _opened(path) as reader:
        wanted = [c for c in reader.connections if c.topic in {topic, "/tf", "/tf_static", *beside}]
        for connection, _, raw in _read(reader, wanted, path):
            message = reader.deserialize(raw, connection.msgtype)
            if connection.topic in beside:
                camera = intrinsics_of(message)
            elif connection.topic != topic:
                poses.update({t.child_frame_id: pose_of(t.transform) for t in message.transforms})
            else:
                stamp = seconds_of(message.header.stamp)
                begin = stamp if begin is None else begin
                pose = poses.get(message.header.frame_id)
                read = partial(_picture, message, path)
                yield Picture(read, stamp - begin, 0.0, camera, pose)


def _read(reader: Any, connections: list[Any], path: Path) -> Iterator[Any]:
    if not connections:
        return
    try:
        yield from reader.messages(connections=connections)
    except SourceError:
        raise
    except Exception as error:  # a damaged file, see _opened
        raise TruncatedError(
            f"{path} ends early ({type(error).__name__}: {error}).", remedy="Record it again."
        ) from None


def _picture(message: Any, path: Path) -> np.ndarray:
    try:
        return picture_of(message)
    except SourceError as error:
        raise TruncatedError(f"{path}: {error.what}", remedy=error.remedy) from None
