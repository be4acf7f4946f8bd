"""Sessions end without leaving engines, threads or files."""

import gc
import threading
import weakref

import pytest

from vidmem import Config


def test_twenty_sessions_leave_nothing(sessions, example, config):
    from vidmem_demo.clips import FileClip

    path, prompts = example
    threads = threading.active_count()
    engines = weakref.WeakSet()
    for number in range(20):
        session = sessions.open(f"tab{number}", FileClip(path, "small.mp4"), config)
        engines.add(session.engine)
        session.take({0: prompts}, {1: "beast", 2: "car"})
        session.start()
        if number % 2:
            session.pause()
        sessions.end(f"tab{number}")
        del session
    gc.collect()
    assert not len(sessions) and not len(engines)
    assert threading.active_count() <= threads
    assert not list((sessions.root / "sessions").iterdir())


def test_models_are_shared_and_memories_are_not(sessions, example):
    from vidmem_demo.clips import FileClip

    first, second = (
        sessions.open(key, FileClip(example[0], "small.mp4"), Config()) for key in ("a", "b")
    )
    assert first.engine.models is second.engine.models
    assert first.engine.memory is not second.engine.memory


def test_too_many_people(tmp_path, example):
    from vidmem_demo.clips import FileClip
    from vidmem_demo.sessions import Busy, Sessions

    one = Sessions(tmp_path / "one", most=1)
    one.open("a", FileClip(example[0], "small.mp4"), Config())
    with pytest.raises(Busy):
        one.open("b", FileClip(example[0], "small.mp4"), Config())
    one.open("a", FileClip(example[0], "small.mp4"), Config())
    one.close()
    assert not one.root.exists()


def test_what_cannot_be_opened_leaves_the_earlier_session(sessions, example, tmp_path):
    from vidmem_demo.clips import FileClip
    from vidmem_demo.desk import config_for

    from vidmem.errors import CheckpointError

    clip = FileClip(example[0], "small.mp4")
    first = sessions.open("a", clip, Config())
    with pytest.raises(CheckpointError, match="vidmem weights fetch"):
        sessions.open("a", clip, config_for("nano", "sam-hq", 256, 6, True))
    assert sessions.get("a") is first and first.folder.exists()
