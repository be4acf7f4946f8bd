"""Other threads, callbacks, asyncio and several cameras."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from vidmem import Prompt, load_cameras
from vidmem.config import Config, MemoryConfig
from vidmem.errors import ConfigError, PromptError
from vidmem.testing import truth


def test_two_engines_in_two_threads_answer_as_one_after_the_other(family, video, prompts, same):
    mirrored = [replace(f, image=np.ascontiguousarray(f.image[:, ::-1])) for f in video]
    mask = np.ascontiguousarray(truth(video[0])[:, ::-1])
    jobs = [(video, prompts), (mirrored, {0: [Prompt(1, mask=mask)]})]

    def run(job):
        return list(family.new().run(*job))

    alone = [run(job) for job in jobs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(run, jobs))
    for results, expected in zip(together, alone, strict=True):
        for result, wanted in zip(results, expected, strict=True):
            same(result, wanted)


def test_cameras_share_models_and_one_budget(video, prompts, same):
    engines = load_cameras(["left", "right"], config=Config(memory=MemoryConfig(budget_mb=64)))
    left, right = engines.values()
    assert left.models is right.models and left.memory is not right.memory
    assert left.config.memory.budget_mb == 32
    for frame in video[:4]:
        first = prompts[0] if frame.index == 0 else ()
        same(left.step(frame, first), right.step(frame, first))
    for names, budget, wanted in ((["a", "a"], 64, "own"), ([], 64, "own"), ("ab", 1, "too few")):
        with pytest.raises(ConfigError, match=wanted):
            load_cameras(list(names), config=Config(memory=MemoryConfig(budget_mb=budget)))


def test_another_thread_adds_corrects_and_removes(family, video, prompts):
    engine = family.new()
    engine.step(video[0], prompts[0])
    answers = []
    thread = Thread(target=lambda: answers.append(engine.ask(*prompts[5])))
    thread.start()
    thread.join()
    result = engine.step(video[1])
    assert {state.object_id for state in result.objects} == {1, 2}
    assert answers[0].result(timeout=1) is result
    thread = Thread(target=engine.remove, args=(2,))
    thread.start()
    thread.join()
    assert [state.object_id for state in engine.step(video[2]).objects] == [1]


def test_a_request_that_does_not_fit_is_told_and_the_step_goes_on(family, video, prompts):
    engine = family.new()
    bad = engine.ask(Prompt(3, box=(0, 0, 9999, 10)))
    good = engine.ask(*prompts[5])
    dropped = engine.ask(Prompt(4, box=(1, 1, 20, 20)))
    dropped.cancel()
    result = engine.step(video[0], prompts[0])
    assert {state.object_id for state in result.objects} == {1, 2}
    with pytest.raises(PromptError, match="leaves the"):
        bad.result(timeout=1)
    assert good.result(timeout=1) is result


def test_a_step_that_fails_fails_for_those_who_asked(family, video, prompts):
    engine = family.new()
    waiting = engine.ask(*prompts[5])
    engine.models.tracker.segment, original = None, engine.models.tracker.segment
    try:
        with pytest.raises(TypeError):
            engine.step(video[0])
    finally:
        engine.models.tracker.segment = original
    with pytest.raises(TypeError):
        waiting.result(timeout=1)


def test_callbacks_tell_lost_found_and_keyframes(family, video, prompts):
    engine, told = family.new(), []
    engine.callbacks.on_lost = lambda state, result: told.append(("lost", result.frame.index))
    engine.callbacks.on_found = lambda state, result: told.append(("found", result.frame.index))
    engine.callbacks.on_keyframe = lambda result: told.append(("kept", result.frame.index))
    before, expected = True, []
    for frame in video:
        grey = replace(frame, image=np.full_like(frame.image, 128))
        result = engine.step(
            grey if 8 <= frame.index < 12 else frame, prompts[0] if frame.index == 0 else ()
        )
        now = result.objects[0].status == "visible"
        if now != before:
            expected.append(("found" if now else "lost", frame.index))
        if any(decision.action == "admit" for decision in result.kept):
            expected.append(("kept", frame.index))
        before = now
    assert told == expected and ("kept", 0) in told
    if family.config.family == "nano":
        assert {what for what, _ in told} == {"lost", "found", "kept"}


async def collected(engine, frames, prompts):
    """Results, and how often the event loop came round meanwhile."""
    beats, results = [], []

    async def beat():
        while True:
            beats.append(1)
            await asyncio.sleep(0.001)

    heart = asyncio.create_task(beat())
    async for result in engine.stream(frames, prompts):
        results.append(result)
    heart.cancel()
    return results, len(beats)


async def pushed(video):
    for frame in video:
        yield frame


@pytest.mark.parametrize("kind", [list, pushed])
def test_asyncio_gets_the_same_and_the_loop_stays_free(family, video, prompts, same, kind):
    expected = family.new().run(video[:6], {0: prompts[0]})
    streamed = collected(family.new(), kind(video[:6]), {0: prompts[0]})
    results, beats = asyncio.run(streamed)
    for result, wanted in zip(results, expected, strict=True):
        same(result, wanted)
    assert beats > 3
    with pytest.raises(PromptError, match="frame 9"):
        asyncio.run(collected(family.new(), kind(video[:2]), {9: prompts[0]}))
