"""What the overlay shows, and numbers that stay true."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from vidmem.sinks import open_sinks
from vidmem.sinks.depth_picture import DepthPainter
from vidmem.sinks.drawing import draw_objects
from vidmem.sinks.palette import display_palette
from vidmem.sinks.yolo import outline
from vidmem.sources import open_source


def test_near_is_warm_and_the_range_runs(make_depth):
    paint = DepthPainter()
    picture = paint(make_depth(), (240, 320)).astype(int)
    far, near = picture[5, 150], picture[-40, 150]
    assert near[0] > near[2] + 50 and far[2] > far[0]
    before = paint.state
    paint(make_depth(nearest=3.0), (240, 320))
    after = paint.state
    assert before["high"] < after["high"] < before["high"] + 0.2, "follows slowly"
    paint(make_depth(nearest=3.0, scene=1), (240, 320))
    assert paint.state["high"] > 2.5, "a new scene has a new unit"


def test_the_legend_has_metres_only_where_depth_is_metric(make_depth):
    metric, relative = (DepthPainter()(make_depth(metric=m), (240, 320)) for m in (True, False))
    assert (metric != relative).any(), "other words"
    small = DepthPainter()(make_depth(), (16, 16))
    assert small.shape == (16, 16, 3)


def test_damaged_depth_is_shown_all_the_same(make_depth):
    depth = make_depth()
    depth.inverse[:5] = np.nan
    depth.inverse[5:9] = np.inf
    assert DepthPainter()(depth, (48, 64)).shape == (48, 64, 3)
    depth.inverse[:] = np.nan
    assert DepthPainter()(depth, (48, 64)).shape == (48, 64, 3)


def test_objects_are_tinted_outlined_and_named(make_result):
    result = make_result(0, size=(120, 160))
    drawn = draw_objects(result.frame.image, result.masks.labels, result.objects)
    colours = display_palette()
    assert (drawn[59, 20] == colours[1]).all(), "the contour"
    inside = drawn[45, 20].astype(int) - result.frame.image[45, 20]
    assert inside[0] > 0 > inside[1], "the tint is red"
    assert (drawn[70, 100] == result.frame.image[70, 100]).all(), "elsewhere nothing changes"
    assert (drawn[15:29, 2:30] == colours[1]).all(-1).any(), "a label above the object"


def test_frames_of_every_shape_become_video(tmp_path, make_result):
    for size in ((16, 16), (17, 33), (2160, 4096)):
        out = tmp_path / str(size[0])
        sink = open_sinks(["overlay"], out)
        for index in range(2):
            sink.write(make_result(index, size=size, seconds=[0.0, 7.25][index]))
        sink.close()
        frames = list(open_source(out / "overlay.mp4"))
        assert [frame.seconds for frame in frames] == [0.0, 7.25]
        assert all(side % 2 == 0 for side in frames[0].size) and frames[0].size[1] <= 1280


def test_the_first_frame_decides_on_the_layout(tmp_path, make_result):
    sink = open_sinks(["overlay"], tmp_path)
    sink.write(make_result(0, size=(48, 64)))
    sink.write(make_result(1, size=(96, 128), depth=False))
    sink.close()
    first, second = open_source(tmp_path / "overlay.mp4")
    assert first.size == second.size == (48, 128)
    assert first.image[:, 64:].max() > 100 > 20 > second.image[:, 66:].max(), "no stale depth"
    assert second.image[:, :62].max() > 100


def test_times_that_stand_still_are_spread(tmp_path, make_result):
    sink = open_sinks(["overlay"], tmp_path)
    for index, seconds in enumerate([1.0, 1.0, 0.5, 2.0]):
        sink.write(make_result(index, seconds=seconds))
    sink.close()
    times = [frame.seconds for frame in open_source(tmp_path / "overlay.mp4")]
    assert len(times) == 4 and times == sorted(set(times)) and times[-1] == pytest.approx(1.0)


def test_a_step_that_grows_is_told(tmp_path, make_result, make_depth):
    from dataclasses import replace

    sink = open_sinks(["depth16"], tmp_path)
    depths = [make_depth(metric=False, nearest=near) for near in (1.0, 1.5, 9.0)]
    for index, depth in enumerate(depths):
        sink.write(replace(make_result(index), depth=depth))
    sink.close()
    runs = json.loads((tmp_path / "depth" / "depth.json").read_text())
    assert [run["from_frame"] for run in runs] == [0, 2]
    for index, depth in enumerate(depths):
        with Image.open(tmp_path / "depth" / f"{index:05d}.png") as image:
            step = float(image.text["multiply_by"])
            assert np.asarray(image) * step == pytest.approx(depth.inverse, abs=step)


def test_outline_of_parts_and_holes():
    mask = np.zeros((61, 97), bool)
    mask[15:30, 3:27] = mask[40:50, 50:60] = mask[55, 80] = True
    mask[20:24, 8:12] = False
    filled = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(filled, [outline(mask).astype(np.int32)], 1)
    missing = mask & (filled == 0)
    assert not missing.any() and not filled[21:23, 9:11].all()
    assert (filled > mask).sum() < 140, "only bridges"
    assert outline(np.zeros((5, 5), bool)).shape == (0, 2)
    assert len(outline(np.eye(1, dtype=bool))) >= 3


def test_what_is_unsure_fades_and_does_not_move_the_range(make_depth):
    from dataclasses import replace

    sure = make_depth()
    unsure = replace(sure, confidence=np.full_like(sure.confidence, 0.05))
    colourful, faded = (DepthPainter()(d, (240, 320)).astype(int) for d in (sure, unsure))
    spread = [np.ptp(picture[20:60, 20:200], axis=-1).mean() for picture in (colourful, faded)]
    assert spread[1] < 0.4 * spread[0]
    half = sure.confidence.copy()
    half[:12] = 0
    painter = DepthPainter()
    painter(replace(sure, confidence=half), (240, 320))
    assert painter.state["low"] > 0.5, "the sure half alone decides"


def test_another_unit_starts_another_range(make_depth):
    painter = DepthPainter()
    painter(make_depth(metric=False), (240, 320))
    painter(make_depth(nearest=3.0, metric=True), (240, 320))
    assert painter.state["high"] > 2.5
    again = DepthPainter(painter.state)
    assert again.state == painter.state
