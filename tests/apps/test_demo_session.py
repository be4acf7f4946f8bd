"""A session: clicks answer at once, running can be paused, corrected and continued."""

import time

import numpy as np
import pytest

from vidmem import load, open_source
from vidmem.errors import ObjectError, PromptError


def run_to(session, frames):
    session.start()
    while session.seen < frames and session.running:
        time.sleep(0.01)
    session.pause()


def run_out(session):
    session.start()
    session.work._thread.join(60)


def masks(session):
    frames = session.clip.frames(lambda: 0, session.recording.seconds)
    return [r.masks.labels for r in session.results(frames)]


def test_a_click_shows_a_mask_and_changes_nothing(session):
    assert set(np.unique(session.preview)) == {0, 1, 2}
    assert not session.engine.memory.objects


def test_negative_click_alone_is_refused_and_taken_back(session):
    session.new_object()
    with pytest.raises(PromptError):
        session.click((5, 5), "cut")
    assert all(p.object_id != 3 for p in session.marks.at(0))


def test_nothing_marked_cannot_start(sessions, example):
    from vidmem_demo.clips import FileClip

    from vidmem import Config

    empty = sessions.open("other", FileClip(example[0], "small.mp4"), Config())
    with pytest.raises(PromptError, match="Nothing is marked"):
        empty.start()


def test_pause_and_continue_give_what_one_run_gives(session, example):
    run_to(session, 5)
    assert 5 <= session.seen < 24
    run_out(session)
    assert session.work.ended
    path, prompts = example
    expected = [
        r.masks.labels
        for r in load(config=session.engine.config).run(open_source(path), {0: prompts})
    ]
    found = masks(session)
    assert len(found) == 24
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_going_back_gives_what_one_run_with_all_clicks_gives(session, example):
    run_out(session)
    before = masks(session)
    session.go_to(15)
    height, width = session.frame.size
    session.new_object()
    session.click((width // 2, height // 4), "add")
    assert not session.is_over
    run_out(session)
    found = masks(session)
    path, prompts = example
    clicks = {0: prompts, 15: session.marks.at(15)}
    expected = [
        r.masks.labels for r in load(config=session.engine.config).run(open_source(path), clicks)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(found[:15], before[:15], strict=True))
    assert (found[15] == 3).any() and not (before[15] == 3).any()


def test_other_clicks_come_again_when_an_earlier_frame_is_corrected(session):
    run_out(session)
    for index, place in ((20, (160, 40)), (14, (40, 40))):
        session.go_to(index)
        session.new_object()
        session.click(place, "add")
        run_out(session)
    session.go_to(13)
    session.choose(1)
    session.click((100, 100), "cut")
    run_out(session)
    assert {1, 2, 3, 4} <= set(session.engine.memory.objects)
    assert np.isnan(session.recording.presence[3][19])
    assert not np.isnan(session.recording.presence[3][20])


def test_removed_and_renamed_objects_stay_so_after_going_back(session):
    run_out(session)
    session.choose(2)
    session.remove_object()
    session.choose(1)
    session.rename("dog")
    session.go_to(10)
    session.click((10, 10), "cut")
    run_out(session)
    assert set(session.engine.memory.objects) == {1}
    assert session.live.result.objects[0].name == "dog"


def test_stopping_keeps_the_answers_and_the_next_start_gives_the_same(sessions, session, config):
    run_to(session, 8)
    session.stop()
    before = masks(session)
    assert session.is_over and session.frame.index == 0 and len(before) == session.seen >= 8
    marks, names, clip = dict(session.marks.by_frame), dict(session.names), session.clip
    fresh = sessions.open("again", clip, config)
    fresh.take(marks, names)
    run_out(fresh)
    assert all(np.array_equal(a, b) for a, b in zip(before, masks(fresh), strict=False))


def test_clicks_on_frames_to_come_count_when_they_come(sessions, session, example, config):
    from vidmem import Prompt

    path, prompts = example
    clicks = {0: prompts, 9: [Prompt(3, points=((160, 40, 1),))]}
    session.take({9: clicks[9]}, {1: "beast", 2: "car", 3: "sky"})
    run_out(session)
    expected = [r.masks.labels for r in load(config=config).run(open_source(path), clicks)]
    assert all(np.array_equal(a, b) for a, b in zip(masks(session), expected, strict=True))


def test_a_removed_object_is_gone_from_all_answers(session):
    run_to(session, 6)
    assert any((labels == 2).any() for labels in masks(session))
    session.choose(2)
    session.remove_object()
    assert not any((labels == 2).any() for labels in masks(session))
    run_out(session)
    assert not any((labels == 2).any() for labels in masks(session))


def test_attention_is_told_per_keyframe(session):
    run_out(session)
    from vidmem.types import Stream

    received = session.live.attention[Stream("object", 1)]
    assert sum(received.values()) == pytest.approx(1, abs=0.05)
    assert 0 in received


def test_a_camera_does_not_go_back(sessions):
    from vidmem_demo.clips import CameraClip

    from vidmem import Config, Frame

    clip, image = CameraClip(), np.zeros((48, 64, 3), np.uint8)
    image[10:30, 10:30] = 255
    made = sessions.open("cam", clip, Config(), frame=Frame(image, 0, 0.0))
    assert made.show(Frame(image.copy(), 0, 0.0))
    made.click((20, 20), "add")
    assert not made.show(Frame(image.copy(), 0, 0.0))
    made.start()
    for number in range(200):
        clip.offer(image, number / 30)
        if made.seen > 3:
            break
        time.sleep(0.01)
    made.work.request_pause()
    clip.offer(image, 10.0)
    time.sleep(0.05)
    clip.offer(image, 10.1)
    made.pause()
    assert made.seen > 3
    with pytest.raises(ObjectError):
        made.go_to(0)
