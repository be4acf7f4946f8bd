"""What parts are worth, measured on videos whose answers are known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from vidmem import Config, Engine, Frame, Prompt, load
from vidmem.config import DepthConfig
from vidmem.evaluation.corrections import evaluate_corrections
from vidmem.evaluation.topology import evaluate_topology
from vidmem.testing import moving_square, truth

PLAIN = Config(depth=DepthConfig(enabled=False))
LENGTH = 20


class Square:
    """The moving square, which object 1 is; object 2 is a small part of the background."""

    def __init__(self, length=LENGTH):
        self._frames = list(moving_square(length))

    def __len__(self):
        return len(self._frames)

    def frames(self):
        return iter(self._frames)

    def labels(self, index):
        labels = truth(self._frames[index]).astype(np.uint8)
        labels[60:70, 2:8] = 2
        return labels


class Lost(Engine):
    """Loses object 1 at frame 6 until somebody says where it is."""

    def __init__(self):
        inner = load(config=PLAIN)
        super().__init__(inner.models, inner.memory, PLAIN)
        self.asked = []

    def step(self, frame, prompts=()):
        self.asked += [(frame.index, prompt) for prompt in prompts]
        told = max((i for i, prompt in self.asked if prompt.object_id == 1), default=0)
        result = super().step(frame, prompts)
        if told >= 6 or frame.index < 6:
            return result
        labels = np.where(result.masks.labels == 1, 0, result.masks.labels).astype(np.uint8)
        return replace(result, masks=replace(result.masks, labels=labels))


@pytest.mark.parametrize("kind", ["mask", "box", "click"])
def test_the_worst_frame_is_corrected_and_later_ones_gain(kind):
    engine = Lost()
    report = evaluate_corrections([("square", Square())], make_engine=lambda: engine, kind=kind)
    row = report["sequences"]["square"]
    assert row["frame"] == 6 and row["J_there"] == 0 and row["before"] == 0
    assert row["after"] > 0.7 and report["gain"] == row["gain"] == row["after"]
    index, prompt = engine.asked[-1]
    assert (index, prompt.object_id) == (6, 1)
    given = {"mask": prompt.mask, "box": prompt.box, "click": prompt.points or None}
    assert [name for name, value in given.items() if value is not None] == [kind]
    if kind == "box":
        assert prompt.box == (22, 26, 42, 46)


@dataclass
class Story:
    world: Square
    change: str
    target: int = 1


def test_engines_see_the_same_frames_and_are_scored_by_kind_of_change():
    def engines():
        return {"good": load(config=PLAIN), "blind": Blind()}

    stories = [Story(Square(8), "split"), Story(Square(8), "merge"), Story(Square(8), "merge")]
    report = evaluate_topology(stories, engines)
    assert set(report["sequences"]) == {"split", "merge"} and report["videos"] == 3
    assert report["blind"] == 0 < 0.8 < report["good"] <= 1


class Blind(Engine):
    """Sees nothing after the prompt."""

    def __init__(self):
        inner = load(config=PLAIN)
        super().__init__(inner.models, inner.memory, PLAIN)

    def step(self, frame: Frame, prompts=()):
        result = super().step(frame, prompts)
        return replace(result, masks=replace(result.masks, labels=0 * result.masks.labels))


def test_without_refreshing_the_appearance_stays_as_it_was_prompted():
    def recent(refresh):
        engine = load(config=replace(PLAIN, tracker=replace(PLAIN.tracker, refresh=refresh)))
        square = Square(8)
        for frame in square.frames():
            engine.step(frame, [] if frame.index else [prompt_at(frame)])
        return engine.memory.objects[1].state["recent_b"]

    assert bool(recent(True).any()) and not bool(recent(False).any())


def prompt_at(frame):
    return Prompt(1, mask=truth(frame))
