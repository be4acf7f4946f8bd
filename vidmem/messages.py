"""ROS 2 messages to values and back, without ROS: any objects with the right fields will do.

Incoming messages are read by their fields only (rclpy's, rosbags' or plain objects). Outgoing ones
are made by the caller's own classes. Stamps are seconds since the epoch; optical frames are x to
the right, y down, z forward, as ours (REP 103, 105); depth is metres as 32FC1 (REP 118).
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from vidmem.errors import SourceError
from vidmem.types import Depth, Frame, Intrinsics, Number

NANO = 1_000_000_000
CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3}
"""Encodings of sensor_msgs/Image that are pictures, and their bytes per pixel."""
TO_RGB = {
    "bgr8": cv2.COLOR_BGR2RGB, "8UC3": cv2.COLOR_BGR2RGB, "rgba8": cv2.COLOR_RGBA2RGB,
    "bgra8": cv2.COLOR_BGRA2RGB, "mono8": cv2.COLOR_GRAY2RGB, "8UC1": cv2.COLOR_GRAY2RGB,
}  # fmt: skip


def seconds_of(stamp: Any) -> float:
    """builtin_interfaces/Time to seconds."""
    return float(stamp.sec) + float(stamp.nanosec) / NANO


def stamp_fields(seconds: Number) -> dict[str, int]:
    """Seconds to the fields of builtin_interfaces/Time."""
    total = round(seconds * NANO)
    return {"sec": total // NANO, "nanosec": total % NANO}


def frame_of(
    image: Any,
    index: int,
    *,
    camera_info: Any = None,
    camera_to_world: Float[np.ndarray, "4 4"] | None = None,
    begin_seconds: Number = 0,
) -> Frame:
    """A frame from sensor_msgs/Image or CompressedImage, with the camera of CameraInfo.

    Args:
        image: the message; its stamp minus ``begin_seconds`` becomes the frame's time.
        index: counts up from 0.
        camera_info: sensor_msgs/CameraInfo of the same camera; a matrix of zeros says unknown.
        camera_to_world: from tf, see :func:`pose_of`.
        begin_seconds: stamp of the first message.

    Raises:
        SourceError: an encoding that is no picture, or fewer bytes than the message promises.
    """
    return Frame(
        picture_of(image),
        index,
        seconds_of(image.header.stamp) - begin_seconds,
        None if camera_info is None else intrinsics_of(camera_info),
        camera_to_world,
    )


def picture_of(image: Any) -> UInt8[np.ndarray, "height width 3"]:
    """The picture in sensor_msgs/Image or CompressedImage as RGB.

    Raises:
        SourceError: as :func:`frame_of`.
    """
    data = np.frombuffer(bytes(image.data), np.uint8)
    if hasattr(image, "format"):
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if decoded is None:
            raise SourceError(
                f"A compressed image of format {image.format!r} cannot be read.",
                remedy="Use JPEG or PNG.",
            )
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))
    channels = CHANNELS.get(image.encoding)
    if channels is None:
        raise SourceError(
            f"An image has the encoding {image.encoding!r}; pictures are {', '.join(CHANNELS)}.",
            remedy="Give the topic of a colour camera.",
        )
    height, width, step = int(image.height), int(image.width), int(image.step)
    if min(height, width) < 1 or step < width * channels or len(data) < height * step:
        raise SourceError(
            f"An image message of {width}x{height} has {len(data)} bytes in rows of {step}.",
            remedy="The message is damaged.",
        )
    rows = data[: height * step].reshape(height, step)[:, : width * channels]
    pixels = rows.reshape(height, width, channels)
    if image.encoding in TO_RGB:
        return np.asarray(cv2.cvtColor(pixels, TO_RGB[image.encoding]))
    return pixels.copy()


def intrinsics_of(camera_info: Any) -> Intrinsics | None:
    """The pinhole of sensor_msgs/CameraInfo; None where its matrix is zeros.

    Distortion is not undone: give rectified pictures where the lens bends.
    """
    matrix = np.asarray(camera_info.k, np.float64).ravel()
    fx, fy, cx, cy = (float(matrix[i]) for i in (0, 4, 2, 5))
    return Intrinsics(fx, fy, cx, cy) if fx > 0 and fy > 0 else None


def pose_of(transform: Any) -> Float[np.ndarray, "4 4"]:
    """geometry_msgs/Transform (world from camera_optical) as a matrix."""
    shift, turn = transform.translation, transform.rotation
    quaternion = np.array([turn.x, turn.y, turn.z, turn.w], np.float64)
    x, y, z, w = quaternion / np.linalg.norm(quaternion)
    pose = np.eye(4)
    pose[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    pose[:3, 3] = shift.x, shift.y, shift.z
    return pose


def label_fields(labels: UInt8[np.ndarray, "height width"]) -> dict[str, Any]:
    """Object ids per pixel as the fields of sensor_msgs/Image but its header: mono8."""
    return _image_fields(labels, "mono8")


def picture_fields(picture: UInt8[np.ndarray, "height width 3"]) -> dict[str, Any]:
    """An RGB picture as the fields of sensor_msgs/Image but its header: rgb8."""
    return _image_fields(picture, "rgb8")


def depth_fields(depth: Depth) -> dict[str, Any] | None:
    """Metres as the fields of sensor_msgs/Image but its header: 32FC1, NaN where unknown.

    None where depth is not in metres: a topic of depth images promises them.
    """
    return _image_fields(metres_of(depth), "32FC1") if depth.metric else None


def metres_of(depth: Depth) -> Float32[np.ndarray, "rows columns"]:
    """Distance along z at working size; NaN where nothing is known."""
    known = depth.inverse > 0
    metres = np.full(depth.inverse.shape, np.nan, np.float32)
    metres[known] = 1 / depth.inverse[known]
    return metres


def camera_fields(camera: Intrinsics, size: tuple[int, int]) -> Mapping[str, Any]:
    """Height, width, k, r and p of sensor_msgs/CameraInfo for a picture without distortion."""
    k = [camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1]
    p = [camera.fx, 0, camera.cx, 0, 0, camera.fy, camera.cy, 0, 0, 0, 1, 0]
    return {
        "height": size[0],
        "width": size[1],
        "distortion_model": "plumb_bob",
        "d": np.zeros(5),
        "k": np.array(k, np.float64),
        "r": np.eye(3).ravel(),
        "p": np.array(p, np.float64),
    }


def _image_fields(array: np.ndarray, encoding: str) -> dict[str, Any]:
    rows = np.ascontiguousarray(array)
    return {
        "height": rows.shape[0],
        "width": rows.shape[1],
        "encoding": encoding,
        "is_bigendian": 0,
        "step": rows.strides[0],
        "data": rows.view(np.uint8).ravel(),
    }
