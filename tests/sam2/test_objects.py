"""Objects come and go in the middle of a video, and the whole state can be saved."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem import Prompt, load
from vidmem.errors import ObjectError, PromptError
from vidmem.models.sam2 import make_tracker
from vidmem.testing import check_tracker, truth

LATE = Prompt(2, box=(60, 10, 90, 30))


@pytest.fixture
def start(video):
    return {0: [Prompt(1, mask=truth(video[0]))]}


def rows(results):
    """Logits by frame and object."""
    return {
        (result.frame.index, object_id): row
        for result in results
        for object_id, row in zip(result.masks.ids, result.masks.logits, strict=True)
    }


def assert_equal(first, second):
    assert first.keys() == second.keys() and first
    for key, row in first.items():
        assert torch.equal(row, second[key]), key


def test_it_keeps_the_promises_of_a_tracker(small, make_engine):
    check_tracker(make_tracker(small, make_engine().config), frames=5)


@pytest.mark.parametrize("policy", ["fifo", "smart"])
def test_an_object_added_later_does_not_change_the_first(make_engine, video, start, policy):
    alone = rows(make_engine(policy=policy).run(video[:14], start))
    both = rows(make_engine(policy=policy).run(video[:14], {**start, 6: [LATE]}))
    for key, row in alone.items():
        torch.testing.assert_close(both[key], row, rtol=0, atol=1e-5)
    other = rows(make_engine(policy=policy).run(video[:14], {6: [LATE]}))
    for key, row in other.items():
        torch.testing.assert_close(both[key], row, rtol=0, atol=1e-5)


def test_a_removed_object_leaves_the_other_as_if_it_had_been_alone(make_engine, video, start):
    engine = make_engine()
    list(engine.run(video[:9], {0: [*start[0], LATE]}))
    engine.remove(2)
    after = rows(engine.step(frame) for frame in video[9:14])
    alone = rows(make_engine().run(video[:14], start))
    assert set(after) == {(index, 1) for index in range(9, 14)}
    for key, row in after.items():
        torch.testing.assert_close(row, alone[key], rtol=0, atol=1e-5)


def test_a_number_used_again_remembers_nothing(make_engine, video, start):
    engine = make_engine()
    list(engine.run(video[:6], start))
    engine.remove(1)
    assert engine.memory.keyframes == ()
    assert engine.step(video[6]).masks.ids == ()
    again = Prompt(1, box=(60, 10, 90, 30))
    used = rows(engine.step(frame, [again] if frame.index == 7 else []) for frame in video[7:12])
    fresh = make_engine()
    new = rows(fresh.step(frame, [again] if frame.index == 7 else []) for frame in video[7:12])
    assert_equal(used, new)


def test_a_removed_object_cannot_be_corrected_or_removed_again(make_engine, video, start):
    engine = make_engine()
    list(engine.run(video[:3], start))
    engine.remove(1)
    with pytest.raises(ObjectError, match="no object 1"):
        engine.remove(1)
    with pytest.raises(PromptError, match="only negative points"):
        engine.step(video[3], [Prompt(1, points=((5, 5, 0),))])


def test_a_correction_is_used_from_then_on(make_engine, video, start):
    plain = rows(make_engine().run(video[:12], start))
    click = {6: [Prompt(1, points=((50, 40, 1), (5, 5, 0)))]}
    corrected = rows(make_engine().run(video[:12], {**start, **click}))
    for key, row in plain.items():
        assert torch.equal(row, corrected[key]) == (key[0] < 6), key


def test_going_back_equals_a_run_corrected_from_the_start(make_engine, video, start):
    click = [Prompt(1, mask=truth(video[7]))]
    engine = make_engine()
    list(engine.run(video[:10], start))
    again = rows(engine.correct(7, click, video[:10]))
    whole = rows(make_engine().run(video[:10], {**start, 7: click}))
    assert_equal(again, {key: whole[key] for key in again})


@pytest.mark.parametrize("policy", ["fifo", "smart"])
def test_a_saved_state_goes_on_bit_equal(make_engine, video, prompts, tmp_path, policy):
    engine = make_engine(policy=policy)
    list(engine.run(video[:11], prompts))
    path = tmp_path / "state.safetensors"
    engine.save(path)
    restored = load(state=path, tracker=engine.models.tracker)
    first = list(map(engine.step, video[11:18]))
    second = list(map(restored.step, video[11:18]))
    assert_equal(rows(first), rows(second))
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.masks.labels, two.masks.labels)
        assert one.masks.object_scores == two.masks.object_scores


def test_a_preview_before_the_first_frame_shows_what_the_step_gives(make_engine, video, start):
    engine = make_engine()
    shown = engine.preview(video[0], start[0])
    assert np.array_equal(shown.labels, engine.step(video[0], start[0]).masks.labels)


def test_the_result_carries_scores_and_alternatives(make_engine, video, start):
    *_, last = make_engine().run(video[:3], start)
    masks = last.masks
    assert masks.object_scores[0] > 0 and masks.presence[0] > 0.5
    assert 0 < masks.predicted_ious[0] < 1
    offered = masks.alternatives[1]
    assert offered.logits.shape == (3, 32, 32) and len(offered.predicted_ious) == 3
    best = int(np.argmax(offered.predicted_ious))
    assert torch.equal(offered.logits[best], masks.logits[0])


def test_an_object_that_cannot_be_seen_is_absent_and_not_written(make_engine, video, start):
    engine = make_engine()
    list(engine.run(video[:4], start))
    head = engine.models.tracker._network.sam_mask_decoder.pred_obj_score_head.layers[-1]
    head.bias -= 50
    try:
        result = engine.step(video[4])
    finally:
        head.bias += 50
    assert result.objects[0].status == "occluded" and result.objects[0].presence < 0.5
    assert not result.masks.labels.any() and result.masks.reliability == (0.0,)
    assert [d.action for d in result.kept] == ["skip"]


def test_many_objects_fit_or_are_refused(make_engine, video):
    boxes = [Prompt(i, box=(i % 60, 5, i % 60 + 20, 40)) for i in range(1, 65)]
    with pytest.raises(ObjectError, match="64 objects do not fit: there is room for 16"):
        make_engine().step(video[0], boxes)
    with pytest.raises(ObjectError, match="64 objects do not fit"):
        make_engine(objects=64, budget_mb=8).step(video[0], boxes)
    engine = make_engine(objects=64)
    first, second = engine.step(video[0], boxes), engine.step(video[1])
    assert len(second.masks.ids) == 64 and first.memory_bytes < 256 * 2**20
    assert second.memory_bytes < engine.config.memory.budget_mb * 2**20


def test_a_smaller_budget_refuses_even_one_object(make_engine, video, start):
    config = make_engine().config
    small = replace(config, memory=replace(config.memory, budget_mb=1, recent=20, long_term=60))
    engine = load(config=small, tracker=make_engine().models.tracker)
    with pytest.raises(Exception, match="cannot hold one object"):
        engine.step(video[0], start[0])
