"""Questions asked in rendered worlds are answered from the labels."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from vidmem import Config, Engine, load
from vidmem.config import DepthConfig, MemoryConfig
from vidmem.evaluation.occlusion import evaluate_occlusion
from vidmem.evaluation.policies import evaluate_policies
from vidmem.types import Frame, Prompt

SIZE = (48, 64)
PLAIN = Config(depth=DepthConfig(enabled=False))


@dataclass
class Shown:
    """A rendered frame, as far as it is asked for."""

    index: int
    labels: np.ndarray

    def to_frame(self):
        random = np.random.default_rng(self.index)
        image = random.integers(40, 70, (*SIZE, 3)).astype(np.uint8)
        image[self.labels == 1] = (210, 60, 40)
        image[self.labels == 2] = (60, 90, 200)
        return Frame(image, self.index, self.index / 25)


class Stage:
    """A red square that is hidden from frame 8 to 15 and a blue one that stays."""

    def __init__(self, hidden=range(8, 16), length=30):
        self.hidden, self.length = hidden, length

    def __len__(self):
        return self.length

    def labels(self, index):
        labels = np.zeros(SIZE, np.uint8)
        if index not in self.hidden:
            labels[10:26, 10:26] = 1
        labels[30:44, 40:56] = 2
        return labels

    def frame(self, index):
        return Shown(index, self.labels(index))

    def frames(self):
        return (self.frame(index).to_frame() for index in range(len(self)))


@dataclass
class Story:
    world: Stage
    hidden: tuple[range, ...]
    target: int = 1
    look_alike: int | None = 2

    def prompt(self):
        return Prompt(1, mask=self.world.labels(0) == 1)


class Cheat(Engine):
    """An engine whose masks are ``answer(index)``."""

    def __init__(self, answer):
        self._answer = answer
        self.config = PLAIN

    def run(self, frames, prompts):
        engine = load(config=PLAIN)
        for result in engine.run(frames, prompts):
            labels = self._answer(result.frame.index).astype(np.uint8)
            yield replace(result, masks=replace(result.masks, labels=labels))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda stage, index: stage.labels(index) == 1, (1, 1, 0)),
        (lambda stage, index: np.zeros(SIZE), (1, 0, 0)),
        (lambda stage, index: stage.labels(index) == 2, (0, 0, 1)),
        (lambda stage, index: (stage.labels(index) == 1) & (index < 26), (1, 1, 0)),
        (lambda stage, index: (stage.labels(index) == 1) & (index > 27), (1, 0, 0)),
    ],
)
def test_empty_found_and_taken(answer, expected):
    stage = Stage()
    story = Story(stage, (stage.hidden,))
    engine = Cheat(lambda index: answer(stage, index))
    report = evaluate_occlusion([("one", story)], make_engine=lambda: engine)
    assert (report["empty"], report["found"], report["taken"]) == expected


def test_policies_see_the_same_frames_and_are_scored_alike():
    engines = {
        policy: load(config=replace(PLAIN, memory=MemoryConfig(policy=policy)))
        for policy in ("smart", "fifo")
    }
    stage = Stage()
    pairs = [(stage.frame(i).to_frame(), stage.labels(i)) for i in range(len(stage))]
    rows = evaluate_policies(pairs, engines, (1, 2))["sequences"]
    assert set(rows) == {"smart", "fifo"}
    for row in rows.values():
        assert 0.4 < row["JF"] <= 1
        assert row["JF"] == pytest.approx((row["J"] + row["F"]) / 2)
        assert row["memory_bytes"] > 0
