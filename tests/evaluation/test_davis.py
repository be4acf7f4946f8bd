"""The mask protocols with engines that know the answer."""

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config
from vidmem.engine import Engine
from vidmem.evaluation.davis import evaluate_davis
from vidmem.evaluation.prompts import evaluate_prompts, next_click, tight_box
from vidmem.types import Masks, Result

LABELS = np.zeros((40, 50), np.uint8)
LABELS[10:20, 10:20], LABELS[25:35, 30:40] = 1, 2


@pytest.fixture
def root(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / "toy" / name).mkdir(parents=True)
        for index in range(6):
            cv2.imwrite(str(tmp_path / f"toy/{name}/{index:05}.png"), LABELS)
    return tmp_path


class Knowing(Engine):
    """Always answers the same labels."""

    def __init__(self, labels):
        self.config, self.answer = Config(), labels

    def preview(self, frame, prompts):
        return Masks((), torch.zeros(0, 1, 1), (), (), (), {}, labels=self.answer)

    def step(self, frame, prompts=()):
        masks = self.preview(frame, prompts)
        return Result(frame, masks, None, (), (), {"all": 10.0}, 0)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(LABELS, 1.0), (np.zeros_like(LABELS), 0.0), (LABELS * (LABELS == 1), 0.5)],
)
def test_the_mean_is_over_objects(root, labels, expected):
    report = evaluate_davis(root, make_engine=lambda: Knowing(labels))
    assert report["J"] == report["F"] == report["JF"] == pytest.approx(expected)
    assert report["fps"] == pytest.approx(100) and report["J_decay"] == pytest.approx(0)


def test_first_masks_of_an_engine_that_finds_only_object_one(root):
    report = evaluate_prompts(root, make_engine=lambda: Knowing(LABELS * (LABELS == 1)))
    assert report["sequences"]["toy:1"] == {"box": 1.0, "click1": 1.0, "click3": 1.0}
    assert report["sequences"]["toy:2"]["box"] == 0.0


def test_clicks_and_boxes():
    truth = LABELS == 1
    assert tight_box(truth) == (10, 10, 20, 20)
    x, y, label = next_click(np.zeros_like(truth), truth)
    assert truth[int(y), int(x)] and label == 1
    assert next_click(LABELS > 0, truth)[2] == 0
