"""A small clip with two objects, and sessions on it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "apps"))


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """A clip of 24 small frames and a box for each of its two objects."""
    from vidmem.training.example import write_example

    path = tmp_path_factory.mktemp("clip") / "small.mp4"
    return path, write_example(path, height=180, width=320, frames=24)


@pytest.fixture
def sessions(tmp_path):
    """All sessions of one server."""
    from vidmem_demo.sessions import Sessions

    opened = Sessions(tmp_path / "root")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def config():
    """Small pictures and many snapshots: quick."""
    from vidmem.config import config_from

    return config_from({"tracker": {"working_pixels": 12_000}, "memory": {"snapshot_every": 6}})


@pytest.fixture
def session(sessions, example, config):
    """One session with both objects marked."""
    from vidmem_demo.clips import FileClip

    path, prompts = example
    made = sessions.open("tab", FileClip(path, "small.mp4"), config)
    made.take({0: prompts}, {1: "beast", 2: "car"})
    made.show_ahead()
    return made
