"""Corrections and odd frames over families: clear errors or defined behaviour."""

from dataclasses import replace

import numpy as np
import pytest

from vidmem import Frame, Prompt
from vidmem.errors import ObjectError, PromptError, SourceError
from vidmem.testing import truth


@pytest.fixture
def running(family, video, prompts):
    engine = family.new()
    list(engine.run(video[:7], {0: prompts[0]}))
    return engine


def test_a_correction_before_the_first_frame_is_refused(family, video, prompts):
    engine = family.new()
    with pytest.raises(ObjectError, match="0 frames were seen"):
        list(engine.correct(0, prompts[0], video))
    assert engine.step(video[0], prompts[0]).objects[0].object_id == 1


def test_a_correction_of_a_frame_to_come_or_too_old_changes_nothing(running, video, prompts):
    state = running.memory.state
    with pytest.raises(ObjectError, match="cannot be corrected"):
        list(running.correct(7, prompts[0], video))
    with pytest.raises(ObjectError, match="Nothing is kept"):
        list(running.correct(-1, prompts[0], video))
    assert running.memory.state is state
    again = list(running.correct(6, [Prompt(1, mask=truth(video[6]))], video[:7]))
    assert [result.frame.index for result in again] == [5, 6]


def test_going_back_costs_only_the_frames_after_the_snapshot(family, video, prompts, same):
    engine = family.new()
    list(engine.run(video, {0: prompts[0]}))
    fix = [Prompt(1, mask=truth(video[12]))]
    asked = []
    again = list(engine.correct(12, fix, (asked.append(f.index) or f for f in video)))
    assert again[0].frame.index == 10, "snapshots are taken every 5 frames"
    expected = list(family.new().run(video, {0: prompts[0], 12: fix}))
    for result, wanted in zip(again, expected[10:], strict=True):
        same(result, wanted)
    assert max(r.memory_bytes for r in again) <= engine.config.memory.budget_mb * 2**20


@pytest.mark.parametrize("index", [6, 3, -1])
def test_frames_out_of_order_are_refused_and_change_nothing(running, video, index):
    state = running.memory.state
    with pytest.raises(SourceError, match="must go up"):
        running.step(replace(video[7], index=index))
    assert running.memory.state is state
    assert running.step(video[7]).frame.index == 7


def test_missing_frames_are_fine(running, video):
    assert running.step(video[12]).frame.index == 12


def test_a_new_size_is_answered_at_that_size(running, video):
    small = Frame(video[7].image[:60, :80], 7, 0.2)
    large = Frame(np.repeat(np.repeat(video[8].image, 2, 0), 2, 1), 8, 0.3)
    for frame in (small, large, video[9]):
        assert running.step(frame).masks.labels.shape == frame.size


def test_a_clock_that_runs_backwards_gives_no_negative_durations(running, video):
    for index, seconds in ((7, 5.0), (8, -3.0), (9, -3.0), (10, 1e9), (11, 0.0)):
        result = running.step(replace(video[index], seconds=seconds))
        assert result.frame.seconds == seconds
        assert all(state.unseen_seconds >= 0 for state in result.objects)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_refused(running, video, seconds):
    with pytest.raises(SourceError, match="time"):
        running.step(replace(video[7], seconds=seconds))


def test_no_pixels_are_refused(running):
    with pytest.raises(SourceError, match="no pixels"):
        running.step(Frame(np.zeros((0, 5, 3), np.uint8), 7, 0.2))


def test_a_removed_object_is_gone_from_everything(running, video, prompts):
    running.remove(1)
    for call in (lambda: running.remove(1), lambda: running.rename(1, "it")):
        with pytest.raises(ObjectError, match="no object 1"):
            call()
    with pytest.raises(PromptError, match="only negative"):
        running.step(video[7], [Prompt(1, points=((5, 5, 0),))])
    assert running.step(video[7]).objects == ()
    assert running.step(video[8], prompts[5]).objects[0].object_id == 2


def test_a_name_lasts(running, video, tmp_path, family):
    running.rename(1, "the square")
    running.save(tmp_path / "s.safetensors")
    resumed = family.resume(tmp_path / "s.safetensors")
    assert resumed.step(video[7]).objects[0].name == "the square"
