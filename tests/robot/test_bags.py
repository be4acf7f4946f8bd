"""Bags there and back."""

from dataclasses import replace

import numpy as np
import pytest

from vidmem import Config, Intrinsics, Prompt, load, open_sinks, open_source
from vidmem.config import DepthConfig
from vidmem.errors import SourceError, TruncatedError
from vidmem.testing import moving_square, truth

pytest.importorskip("rosbags")
COUNT = 6


@pytest.fixture(scope="module")
def results():
    engine = load(config=Config(depth=DepthConfig(enabled=False)))
    video = []
    for frame in moving_square(COUNT):
        pose = np.eye(4)
        pose[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
        pose[:3, 3] = 0.1 * frame.index, 2, 3
        camera = Intrinsics(80.0, 81.0, 47.5, 35.5)
        video.append(replace(frame, intrinsics=camera, camera_to_world=pose))
    return list(engine.run(video, {0: [Prompt(1, mask=truth(video[0]))]}))


@pytest.fixture(scope="module")
def bag(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("bag")
    sinks = open_sinks(["rosbag"], out)
    for result in results:
        sinks.write(result)
    sinks.close()
    return out / "rosbag"


def test_frames_come_back_as_they_were(bag, results):
    source = open_source(bag)
    frames = list(source)
    assert source.frame_count == COUNT == len(frames)
    for frame, result in zip(frames, results, strict=True):
        wanted = result.frame
        assert np.array_equal(frame.image, wanted.image)
        assert frame.seconds == pytest.approx(wanted.seconds, abs=1e-6)
        assert frame.intrinsics == wanted.intrinsics
        assert np.allclose(frame.camera_to_world, wanted.camera_to_world)


def test_a_single_mcap_file_is_a_source_too(bag, results):
    (file,) = bag.glob("*.mcap")
    assert len(list(open_source(file))) == COUNT


def test_masks_and_objects_are_in_it(bag, results):
    import json
    from pathlib import Path

    from rosbags.highlevel import AnyReader

    seen = {}
    with AnyReader([Path(bag)]) as reader:
        for connection, stamp, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            seen.setdefault(connection.topic, []).append((stamp, message))
    names = {f"/vidmem/{name}" for name in ("image", "camera_info", "labels", "objects")}
    assert set(seen) == names | {"/tf"}
    for (stamp, message), result in zip(seen["/vidmem/labels"], results, strict=True):
        labels = message.data.reshape(message.height, message.width)
        assert np.array_equal(labels, result.masks.labels)
        assert stamp == round(result.frame.seconds * 1e9)
    states = json.loads(seen["/vidmem/objects"][0][1].data)
    assert states[0]["object_id"] == 1 and states[0]["status"] == "visible"


def test_a_killed_run_goes_on(results, tmp_path, bag):
    first = open_sinks(["rosbag"], tmp_path)
    for result in results[:3]:
        first.write(result)
    state = first.checkpoint()
    (tmp_path / "rosbag.partial" / "00001").mkdir()  # what the killed run had begun
    again = open_sinks(["rosbag"], tmp_path, resume=state)
    for result in results[3:]:
        again.write(result)
    again.close()
    frames = list(open_source(tmp_path / "rosbag"))
    assert [frame.seconds for frame in frames] == [f.seconds for f in open_source(bag)]


def test_damaged_bags_are_told(bag, tmp_path):
    (file,) = bag.glob("*.mcap")
    broken = tmp_path / "broken.mcap"
    for keep in (0, 5, 200, file.stat().st_size // 2):
        broken.write_bytes(file.read_bytes()[:keep])
        with pytest.raises((SourceError, TruncatedError)) as caught:
            list(open_source(broken))
        assert caught.value.remedy
    with pytest.raises(SourceError):
        open_source(tmp_path / "none.mcap")


def test_a_bag_without_pictures_says_what_it_has(tmp_path):
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    with Writer(tmp_path / "b", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        store = get_typestore(Stores.ROS2_HUMBLE)
        writer.add_connection("/chat", "std_msgs/msg/String", typestore=store)
    with pytest.raises(SourceError, match="no image topic"):
        open_source(tmp_path / "b")
