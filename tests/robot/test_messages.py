"""Conversions between ROS messages and values, with plain objects: no ROS needed."""

from types import SimpleNamespace as Plain

import cv2
import numpy as np
import pytest

from vidmem import Depth, Intrinsics
from vidmem.errors import SourceError
from vidmem.messages import (
    camera_fields,
    depth_fields,
    frame_of,
    intrinsics_of,
    label_fields,
    picture_fields,
    picture_of,
    pose_of,
    seconds_of,
    stamp_fields,
)

RGB = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)


def message(array, encoding, padding=0):
    rows = array.reshape(len(array), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    return Plain(
        header=Plain(stamp=Plain(sec=12, nanosec=500_000_000), frame_id="eye"),
        height=array.shape[0],
        width=array.shape[1],
        encoding=encoding,
        step=rows.shape[1],
        data=rows.tobytes(),
    )


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
def test_every_order_of_channels_gives_rgb(encoding, padding):
    array = RGB if encoding.startswith("rgb") else RGB[..., ::-1]
    if "a8" in encoding:
        array = np.dstack([array, np.full(RGB.shape[:2], 7, np.uint8)])
    assert np.array_equal(picture_of(message(array, encoding, padding)), RGB)


def test_grey_and_compressed():
    grey = picture_of(message(RGB[..., 0], "mono8"))
    assert np.array_equal(grey, np.repeat(RGB[..., :1], 3, 2))
    data = cv2.imencode(".png", RGB[..., ::-1])[1].tobytes()
    assert np.array_equal(picture_of(Plain(format="png", data=data)), RGB)


@pytest.mark.parametrize(
    "bad",
    [
        message(RGB, "32FC1"),
        Plain(format="jpeg", data=b"none"),
        Plain(format="jpeg", data=b""),
        Plain(**{**vars(message(RGB, "rgb8")), "data": b"123"}),
        Plain(**{**vars(message(RGB, "rgb8")), "step": 3}),
        Plain(**{**vars(message(RGB, "rgb8")), "height": 0}),
    ],
)
def test_what_is_no_picture_is_told(bad):
    with pytest.raises(SourceError) as caught:
        picture_of(bad)
    assert caught.value.remedy


def test_a_frame_has_time_camera_and_pose():
    info = Plain(k=[100.0, 0, 4, 0, 110, 3, 0, 0, 1])
    frame = frame_of(
        message(RGB, "rgb8"), 3, camera_info=info, camera_to_world=np.eye(4), begin_seconds=12
    )
    assert (frame.index, frame.seconds) == (3, 0.5)
    assert frame.intrinsics == Intrinsics(100, 110, 4, 3)
    assert intrinsics_of(Plain(k=np.zeros(9))) is None


@pytest.mark.parametrize("seconds", [0, 0.1, 1.999_999_999_9, 1e9 + 1 / 3, -0.25])
def test_stamps_go_there_and_back(seconds):
    fields = stamp_fields(seconds)
    assert 0 <= fields["nanosec"] < 10**9
    assert seconds_of(Plain(**fields)) == pytest.approx(seconds, abs=1e-6)


def test_images_go_there_and_back():
    header = Plain(stamp=Plain(sec=0, nanosec=0), frame_id="eye")
    assert np.array_equal(picture_of(Plain(header=header, **picture_fields(RGB))), RGB)
    labels = label_fields(RGB[..., 0])
    assert labels["encoding"] == "mono8" and labels["step"] == 8


def test_depth_is_metres_or_nothing():
    inverse = np.array([[0.5, 0.0]], np.float32)
    metric = Depth(inverse, np.ones_like(inverse), True, Intrinsics(1, 1, 0, 0), 0)
    fields = depth_fields(metric)
    values = np.frombuffer(fields["data"].tobytes(), np.float32)
    assert fields["encoding"] == "32FC1" and values[0] == 2 and np.isnan(values[1])
    unknown = Depth(inverse, np.ones_like(inverse), False, Intrinsics(1, 1, 0, 0), 0)
    assert depth_fields(unknown) is None


def test_the_camera_goes_there_and_back():
    camera = Intrinsics(100.0, 110.0, 4.0, 3.0)
    assert intrinsics_of(Plain(**camera_fields(camera, (6, 8)))) == camera


def test_a_transform_is_a_pose():
    half = np.sqrt(0.5)
    transform = Plain(
        translation=Plain(x=1.0, y=2.0, z=3.0), rotation=Plain(x=0.0, y=0.0, z=half, w=half)
    )
    pose = pose_of(transform)
    assert pose[:3, 3].tolist() == [1, 2, 3]
    assert np.allclose(pose[:3, :3] @ [1, 0, 0], [0, 1, 0])
