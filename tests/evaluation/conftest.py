"""Tiny made-up copies of data sets, and an engine whose answers are known."""

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config
from vidmem.engine import Engine
from vidmem.types import Masks, Result

SIZE = (32, 48)


class Echo(Engine):
    """Shows every object for ever where it was given: J and F are 1 where it is there, else 0."""

    def __init__(self, seen, config):
        self.config, self.seen = config, seen
        self.answer = np.zeros(SIZE, np.uint8)

    def step(self, frame, prompts=()):
        self.seen.append(frame.index)
        for prompt in prompts:
            self.answer[prompt.mask] = prompt.object_id
        masks = Masks((), torch.zeros(0, 1, 1), (), (), (), {}, labels=self.answer.copy())
        return Result(frame, masks, None, (), (), {"all": 10.0}, 0)


@pytest.fixture
def labels():
    """``labels(1, 2)``: an 8 x 8 square for each id at a place of its own."""

    def make(*ids):
        image = np.zeros(SIZE, np.uint8)
        for object_id in ids:
            left = 2 + 10 * (object_id % 4)
            image[8:16, left : left + 8] = object_id
        return image

    return make


@pytest.fixture
def write(tmp_path):
    """``write(folder of images, folder of masks, names of images, masks by name)``."""

    def make(images, masks, names, labelled):
        for folder in (images, masks):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            picture = np.zeros((*SIZE, 3), np.uint8)
            cv2.imwrite(str(tmp_path / images / f"{name}.jpg"), picture)
        for name, mask in labelled.items():
            cv2.imwrite(str(tmp_path / masks / f"{name}.png"), mask)

    return make


@pytest.fixture
def echo():
    """Makes engines; ``echo.seen`` are the frames that all of them were given."""

    class Maker:
        def __init__(self):
            self.seen, self.config = [], Config()

        def __call__(self):
            return Echo(self.seen, self.config)

    return Maker()
