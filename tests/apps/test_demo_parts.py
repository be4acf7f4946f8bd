"""Marks, pictures, the timeline and clips."""

import base64
import json

import cv2
import numpy as np
import pytest

from vidmem import Frame, Prompt
from vidmem.errors import SourceError


def frame(index=0, height=90, width=160):
    return Frame(np.full((height, width, 3), 90, np.uint8), index, index / 30)


def test_two_clicks_make_a_box_and_clicks_are_written_as_options():
    from vidmem_demo.marks import Marks

    marks = Marks()
    assert not marks.click(frame(), 1, (80, 60), "box")
    assert marks.click(frame(), 1, (20, 10), "box")
    marks.click(frame(7), 1, (30, 20), "cut")
    assert marks.options() == ["1:box=20,10,81,61", "1:point=30,20,-@7"]


def test_a_second_box_replaces_the_first_and_undo_takes_back():
    from vidmem_demo.marks import Marks

    marks = Marks()
    for corner in ((0, 0), (50, 50), (10, 10), (90, 80)):
        marks.click(frame(), 1, corner, "box")
    assert [p.box for p in marks.at(0)] == [(10, 10, 91, 81)]
    assert marks.undo(0) and not marks.by_frame and not marks.undo(0)


def test_clicks_outside_are_moved_inside():
    from vidmem_demo.marks import Marks

    marks = Marks()
    marks.click(frame(), 1, (500, -3), "add")
    assert marks.at(0)[0].points == ((159, 0, 1),)


def test_pictures_are_jpeg_and_fit_the_page():
    from vidmem_demo.pictures import draw, fit, jpeg

    big = np.zeros((2160, 3840, 3), np.uint8)
    labels = np.zeros((2160, 3840), np.uint8)
    labels[500:1500, 500:1500] = 1
    drawn = draw(big, labels, [Prompt(1, points=((3000, 300, 1),))])
    assert drawn.shape[:2] == fit((2160, 3840)) == (360, 640)
    assert drawn[170, 170, 0] > 80 and drawn[50, 505].max() > 0
    head, _, body = jpeg(drawn).partition(",")
    assert head == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(body), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == drawn.shape


def test_timeline_shows_what_is_kept_dropped_and_why(session):
    from vidmem_demo.timeline import NOTHING, timeline

    assert timeline(session) == NOTHING
    session.rename("<b>beast")
    session.start()
    session.work._thread.join(60)
    shown = timeline(session)
    kept = [k.card.index for k in session.engine.memory.keyframes]
    assert "pinned" in shown and "of the attention now" in shown and "<polyline" in shown
    assert all(f"frame {index}" in shown for index in kept)
    decisions = list(session.recording.decisions)
    assert decisions and all(d.reason in shown for d in decisions[-3:])
    assert "<b>beast" not in shown and "&lt;b&gt;beast" in shown


def test_keyframes_show_their_own_object(session):
    from vidmem_demo.pictures import outlined

    session.start()
    session.work._thread.join(60)
    kept = {k.card.index for k in session.engine.memory.keyframes}
    assert set(session.recording.small_labels) == kept
    grey = np.full((54, 96, 3), 100, np.uint8)
    drawn = outlined(grey, session.recording.small_labels[0], 1)
    left, top, right, bottom = (round(value * 0.3) for value in session.marks.at(0)[0].box)
    assert (drawn[top:bottom, left:right] == 100).any() and (drawn[0] < 100).all()


def test_recording_forgets_what_is_corrected(session):
    session.start()
    session.work._thread.join(60)
    files = len(list((session.folder / "answers").iterdir()))
    session.recording.cut(9)
    assert files == 24 and len(session.recording) == 9
    assert len(list((session.folder / "answers").iterdir())) == 9
    assert all(d.frame < 9 for d in session.recording.decisions)
    assert all(len(curve) == 9 for curve in session.recording.presence.values())


def test_seeking_gives_the_same_pictures_as_reading_through(example):
    from vidmem_demo.clips import FileClip

    clip = FileClip(example[0], "small.mp4")
    through = list(clip.frames(lambda: 0, ()))
    seconds = [f.seconds for f in through]
    for index in (1, 13, 23):
        found = clip.picture(index, seconds)
        assert found.index == index and found.seconds == through[index].seconds
        assert np.array_equal(found.image, through[index].image)


def test_a_camera_gives_the_newest_picture_and_ends():
    from vidmem_demo.clips import CameraClip

    clip = CameraClip()
    for value in (1, 2, 3):
        clip.offer(np.full((4, 4, 3), value, np.uint8), 5.0 + value)
    frames = clip.frames(lambda: 4, ())
    first = next(frames)
    assert first.index == 4 and first.image[0, 0, 0] == 3 and first.seconds == 2.0
    clip.close()
    assert next(frames, None) is None


def test_a_broken_file_is_told(tmp_path):
    from vidmem_demo.clips import FileClip

    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises(SourceError):
        FileClip(path, "broken.mp4")


def test_the_example_is_made_once(tmp_path, monkeypatch, example):
    import vidmem_demo.clips as clips

    made = []

    def write(path):
        made.append(path)
        path.write_bytes(example[0].read_bytes())
        return example[1]

    monkeypatch.setattr(clips, "write_example", write)
    for _ in range(2):
        clip, prompts = clips.example_clip(tmp_path / "cache")
        assert clip.frame_count == 24 and [p.object_id for p in prompts] == [1, 2]
    assert len(made) == 1
    assert json.loads((tmp_path / "cache" / "example.json").read_text())[0][0] == 1


def test_settings_become_a_configuration_and_options(sessions, example):
    from vidmem_demo.clips import FileClip
    from vidmem_demo.desk import config_for, settings_of
    from vidmem_demo.downloads import command_line

    config = config_for("nano", "plain", 128, 4, False)
    assert settings_of(config) == ("nano", "plain", 128, 4, False)
    made = sessions.open("x", FileClip(example[0], "a b.mp4"), config)
    text = command_line(made)
    options = ("'a b.mp4'", "--memory.budget-mb 128", "--depth.no-enabled", "--refine.by plain")
    assert all(option in text for option in options)
