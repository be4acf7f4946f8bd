"""The deadline: what is left out, in which order, and that it is said."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vidmem.config import RuntimeConfig
from vidmem.engine.deadline import LIGHTENS, ORDER, STAGES, StageTimes, Turn, fewer_pages
from vidmem.errors import ConfigError

ALL = set(ORDER)
FULL = {"encode": 20, "segment": 20, "depth": 20, "refine": 10, "remember": 5}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def step(times, clock, costs, light=0.4):
    """One step in which a lighter form costs ``light`` of the full one."""
    turn = Turn(times, possible=ALL, phase=0)
    for stage in STAGES:
        with turn(stage):
            skips = stage in LIGHTENS and turn.skips(LIGHTENS[stage])
            clock.now += costs[stage] * (light if skips else 1) / 1000
    return SimpleNamespace(skipped=turn.skipped, late_ms=turn.late_ms)


def after(deadline_ms, costs=FULL, steps=12):
    clock = Clock()
    times = StageTimes(deadline_ms, clock)
    return [step(times, clock, costs) for _ in range(steps)]


def test_without_a_deadline_or_with_enough_time_nothing_is_left_out():
    assert all(turn.skipped == () and turn.late_ms == 0 for turn in after(0) + after(1000))


@pytest.mark.parametrize(
    ("deadline_ms", "skipped"),
    [
        (76, set()),
        (70, {"refine"}),
        (60, {"refine", "depth"}),
        (47, {"refine", "depth", "pages"}),
        (36, {"refine", "depth", "pages", "detail"}),
    ],
)
def test_the_order_is_refine_depth_pages_detail(deadline_ms, skipped):
    turns = after(deadline_ms, steps=80)[40:]
    usual = Counter(frozenset(turn.skipped) for turn in turns).most_common(1)
    assert usual[0][0] == skipped
    assert max(turn.late_ms for turn in turns) <= 0.25 * deadline_ms + 1e-6


def test_the_first_step_knows_nothing_and_says_how_late_it_was():
    first = after(50)[0]
    assert first.skipped == ("refine",), "after three stages it is late already"
    assert first.late_ms == pytest.approx(19)


def test_a_slow_stage_is_made_up_for_by_the_later_ones():
    clock = Clock()
    times = StageTimes(90, clock)
    for _ in range(30):
        step(times, clock, FULL)
    assert step(times, clock, FULL).skipped == ()
    hurried = step(times, clock, {**FULL, "encode": 45})
    assert hurried.skipped == ("depth",) and hurried.late_ms == 0


def test_what_was_left_out_is_tried_again():
    clock = Clock()
    times = StageTimes(70, clock)
    for _ in range(20):
        step(times, clock, {**FULL, "refine": 60})
    skipped = [step(times, clock, {**FULL, "refine": 3}).skipped for _ in range(250)]
    assert skipped[0] and not skipped[-1]


def test_what_saves_next_to_nothing_is_not_left_out():
    turns = after(60, costs={**FULL, "refine": 0.5}, steps=80)[40:]
    assert all("refine" not in turn.skipped for turn in turns)
    assert all("depth" in turn.skipped for turn in turns[:5])


def test_an_engine_in_a_hurry_says_so_and_answers(family, video, prompts):
    config = replace(family.config, runtime=RuntimeConfig(deadline_ms=0.01))
    hurried = replace(family, config=config).new()
    results = list(hurried.run(video[:12], {0: prompts[0]}))
    assert results[0].skipped in ((), ("refine",)) and all(result.late_ms > 0 for result in results)
    possible = {"refine", "depth", "pages", "detail"}
    if family.config.family != "nano":
        possible.remove("detail")
    assert {"depth"} <= set(results[-1].skipped) <= possible
    for result in results:
        assert result.masks.labels.shape == result.frame.size
        assert result.depth.inverse.shape == results[0].depth.inverse.shape
        assert np.isfinite(result.depth.inverse).all()
    if family.config.family == "nano":
        assert result.objects[0].status == "visible"
    assert not list(family.new().run(video[:2], {0: prompts[0]}))[-1].skipped


def test_fewer_pages_are_the_first_and_the_newest(family, video, prompts):
    engine = family.new()
    list(engine.run(video, prompts))
    recall = engine.memory.read(len(video))
    short = fewer_pages(recall).views["object"]
    for whole, few in zip(recall.views["object"].ages, short.ages, strict=True):
        assert few == ((whole[0], whole[-1]) if len(whole) > 1 else whole)
    assert short.pages.table.shape[1] <= 2


def test_a_negative_deadline_is_refused(family):
    with pytest.raises(ConfigError, match="deadline"):
        replace(
            family, config=replace(family.config, runtime=RuntimeConfig(deadline_ms=-1.0))
        ).new()
