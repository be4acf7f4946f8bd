import numpy as np
import pytest

from vidmem.errors import SourceError
from vidmem.sources import open_source
from vidmem.sources.cameras import CameraFiles, WithCamera, read_poses, read_ranges


@pytest.fixture
def pictures():
    return [np.zeros((20, 30, 3), np.uint8)] * 3


def pose_text(shift):
    pose = np.eye(4)
    pose[0, 3] = shift
    return " ".join(map(str, pose.ravel()))


def test_frames_carry_what_the_files_say(tmp_path, pictures):
    poses, ranges = tmp_path / "poses.txt", tmp_path / "ranges.csv"
    poses.write_text("\n".join(pose_text(0.1 * i) for i in range(3)))
    ranges.write_text("1, 10, 5, 2.5\n1, 3, 4, 1.5\n2, 1, 1, 9\n")
    files = CameraFiles((40.0, 41.0, 15.0, 10.0), str(poses), str(ranges))
    frames = list(WithCamera(open_source(pictures), files))
    assert frames[2].camera_to_world[0, 3] == pytest.approx(0.2)
    assert frames[0].intrinsics.fy == 41
    assert frames[0].ranges is None
    assert frames[1].ranges.tolist() == [[10, 5, 2.5], [3, 4, 1.5]]


def test_a_folder_of_poses_is_read_in_order(tmp_path):
    for i in (1, 0):
        (tmp_path / f"{i}.txt").write_text(pose_text(float(i)))
    assert [pose[0, 3] for pose in read_poses(tmp_path)] == [0, 1]


def test_files_that_hold_something_else_are_refused(tmp_path, pictures):
    wrong = tmp_path / "wrong.txt"
    for text in ("1 2 3", "hello", ""):
        wrong.write_text(text)
        with pytest.raises(SourceError):
            read_poses(wrong)
        with pytest.raises(SourceError):
            read_ranges(wrong)
    with pytest.raises(SourceError):
        read_poses(tmp_path / "missing.txt")
    wrong.write_text(pose_text(0.0))
    with pytest.raises(SourceError):
        WithCamera(open_source(pictures), CameraFiles(poses=str(wrong)))
