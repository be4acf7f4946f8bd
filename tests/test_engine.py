"""The engine: one step after another, nothing but the memory changes."""

import numpy as np
import pytest

from vidmem import Config, Frame, Prompt, load
from vidmem.config import DepthConfig, MemoryConfig
from vidmem.errors import ConfigError, ObjectError, PromptError
from vidmem.testing import moving_square, truth

CONFIG = Config(depth=DepthConfig(enabled=False), memory=MemoryConfig(snapshot_every=5))


@pytest.fixture(scope="module")
def video():
    return list(moving_square(24))


@pytest.fixture
def engine():
    return load("nano", config=CONFIG)


def prompt_at(frame, object_id=1):
    return Prompt(object_id, mask=truth(frame))


def labels(results):
    return [result.masks.labels for result in results]


def overlap(result):
    predicted, expected = result.masks.mask(1), truth(result.frame)
    return (predicted & expected).sum() / (predicted | expected).sum()


def test_it_follows_a_square(engine, video):
    results = list(engine.run(video, {0: [prompt_at(video[0])]}))
    assert np.mean([overlap(result) for result in results]) > 0.85
    assert all(result.objects[0].status == "visible" for result in results)
    left, top, right, bottom = results[-1].objects[0].box
    assert abs(left - (10 + 2 * 23)) < 4 and abs(right - left - 20) < 6
    assert abs(top - 26) < 4 and abs(bottom - 46) < 4


def test_results_say_what_was_kept_how_long_it_took_and_how_much_is_held(engine, video):
    first, *_, last = engine.run(video, {0: [prompt_at(video[0])]})
    assert [(d.stream, d.action, d.reason) for d in first.kept] == [
        ("object:1", "admit", "prompted")
    ]
    assert {"encode", "segment", "refine", "remember"} <= set(first.milliseconds)
    assert last.memory_bytes == engine.memory.bytes > 0


def test_a_preview_shows_what_the_step_will_give_and_changes_nothing(engine, video):
    list(engine.run(video[:6], {0: [prompt_at(video[0])]}))
    before, asked = engine.memory.state, [Prompt(2, box=(5, 5, 20, 20))]
    shown = engine.preview(video[6], asked)
    assert engine.memory.state is before
    assert np.array_equal(shown.labels, engine.step(video[6], asked).masks.labels)
    assert set(np.unique(shown.labels)) == {0, 1, 2}


def test_a_correction_goes_back_and_gives_what_a_run_with_it_would_have_given(engine, video):
    start, fix = {0: [prompt_at(video[0])]}, [prompt_at(video[12])]
    list(engine.run(video, start))
    again = list(engine.correct(12, fix, video))
    assert again[0].frame.index == 10 and again[-1].frame.index == 23
    whole = list(load("nano", config=CONFIG).run(video, {**start, 12: fix}))
    for corrected, expected in zip(labels(again), labels(whole[10:]), strict=True):
        assert np.array_equal(corrected, expected)


def test_going_back_keeps_what_was_said_before(engine, video):
    said = {1: [prompt_at(video[1])], 3: [Prompt(2, box=(60, 5, 85, 20))]}
    list(engine.run(video[:8], said))
    fix = [prompt_at(video[4])]
    again = list(engine.correct(4, fix, video[:8]))
    whole = list(load("nano", config=CONFIG).run(video[:8], {**said, 4: fix}))
    assert again[0].masks.ids == (1, 2) and again[0].frame.index == 4
    for corrected, expected in zip(labels(again), labels(whole[4:]), strict=True):
        assert np.array_equal(corrected, expected)
    engine.remove(2)
    list(engine.run(video[8:10]))
    assert [r.masks.ids for r in engine.correct(8, fix, video[:10])] == [(1,), (1,)]


def test_a_removed_object_is_gone_and_its_number_can_be_used_again(engine, video):
    list(engine.run(video[:4], {0: [prompt_at(video[0])]}))
    engine.remove(1)
    assert engine.step(video[4]).objects == ()
    with pytest.raises(ObjectError, match="no object 1"):
        engine.remove(1)
    assert engine.step(video[5], [prompt_at(video[5])]).objects[0].object_id == 1


def test_a_late_object_joins(engine, video):
    results = list(engine.run(video, {8: [prompt_at(video[8])]}))
    assert results[7].objects == () and results[8].objects[0].object_id == 1
    assert overlap(results[-1]) > 0.7


def test_a_prompt_for_a_frame_that_never_comes_is_refused(engine, video):
    with pytest.raises(PromptError, match="frame 99, but the last frame is 23"):
        list(engine.run(video, {0: [prompt_at(video[0])], 99: [prompt_at(video[0])]}))


def test_two_runs_are_equal(video):
    runs = [
        labels(load("nano", config=CONFIG).run(video, {0: [prompt_at(video[0])]})) for _ in range(2)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))


def test_an_unknown_family_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="nano"):
        load("namo")


def test_frames_of_another_size_are_answered_at_their_own_size(engine, video):
    list(engine.run(video[:3], {0: [prompt_at(video[0])]}))
    large = Frame(np.repeat(np.repeat(video[3].image, 2, 0), 2, 1), 3, 0.1)
    result = engine.step(large)
    assert result.masks.labels.shape == large.size
