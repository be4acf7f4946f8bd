"""The measured-depth readers on real data."""

import os
from pathlib import Path

import numpy as np
import pytest

from vidmem.evaluation.depth_videos import read_depth_video
from vidmem.evaluation.steadiness import reprojected


@pytest.mark.data
@pytest.mark.parametrize("name", ["7scenes", "hololens"])
def test_measured_depth_agrees_with_the_next_frames(name):
    video = read_depth_video(Path(os.environ["VIDMEM_DATA"]) / name)
    first, second = video.depth_m(0), video.depth_m(1)
    seen = reprojected(first, video.intrinsics, np.linalg.inv(video.poses[1]) @ video.poses[0])
    use = (seen > 0) & (second > 0)
    assert use.sum() > 10000
    assert np.median(np.abs(seen - second)[use] / second[use]) < 0.02
