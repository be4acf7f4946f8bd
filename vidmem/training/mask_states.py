"""What the embedded tracker sees of objects in made-up videos, and where they truly are.

The engine follows by its closed form; what it would correct is recorded. So a network learns from
the same errors that it will meet, and never from its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int8, UInt8
from torch import Tensor

from vidmem.config import Config, DepthConfig
from vidmem.engine import load
from vidmem.errors import SourceError
from vidmem.heads.learned_masks import sight_of
from vidmem.training.camera import FRAMES_PER_SECOND
from vidmem.training.collages import Sources
from vidmem.training.moving_collages import Footage, moving_collage
from vidmem.training.shards import write_arrays
from vidmem.training.staging import make_clip
from vidmem.training.world import WorldConfig
from vidmem.types import Depth, Features, Frame, Masks, Prompt, Recall

FRAMES = 20
EVERY = 2
"""Frames between those that are kept."""
WORLDS = 0.3
"""Share of the videos with space and light."""
LEAST_PX = 150
"""Pixels of an object in the first frame."""
QUANTUM = 50
"""Steps of a stored number's unit: -2.5 to 2.5 fit."""

Sight = Int8[np.ndarray, "channels rows columns"]
Truth = UInt8[np.ndarray, "rows columns"]


@dataclass(frozen=True, slots=True, eq=False)
class MaskStates:
    """Row = one object in one frame."""

    sights: Int8[np.ndarray, "states channels rows columns"]
    truth: UInt8[np.ndarray, "states rows columns"]
    """How much of the pixel is the object, 0 to 255."""

    def __len__(self) -> int:
        return len(self.truth)


class Recorder:
    """A refiner that changes nothing and keeps what could be corrected."""

    def __init__(self) -> None:
        self.sights: dict[int, Tensor] = {}
        """Of the last frame, by object."""

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks, without labels."""
        height, width = features.grey.shape
        whole = slice(0, height), slice(0, width)
        self.sights = {i: sight_of(features, cues, whole) for i, cues in masks.cues.items()}
        return replace(masks, labels=np.zeros(frame.size, np.uint8))


def footage_of(seed: int, sources: Sources) -> Footage:
    """The video of this seed."""
    random = np.random.default_rng([seed, 53])
    if random.random() >= WORLDS:
        return moving_collage(seed, sources, frames=FRAMES)
    config = WorldConfig(frames=FRAMES, objects=2, look_alikes=0.5, photographs=True)
    clip = make_clip(config, seed=seed)
    return Footage(clip.images, clip.labels)


def states_of(footage: Footage) -> Iterator[tuple[Sight, Truth]]:
    """Follow all objects of a video from their true masks in the first frame."""
    first = footage.labels[0]
    ids = [int(i) for i in np.unique(first[first > 0]) if (first == i).sum() >= LEAST_PX]
    prompts = [Prompt(object_id=i, mask=first == i) for i in ids]
    recorder = Recorder()
    engine = load(config=Config(depth=DepthConfig(enabled=False)), refiner=recorder)
    for index, image in enumerate(footage.images):
        frame = Frame(image, index, index / FRAMES_PER_SECOND)
        engine.step(frame, prompts if index == 0 else ())
        if index % EVERY:
            continue
        for object_id, sight in recorder.sights.items():
            inside = (footage.labels[index] == object_id).astype(np.float32)
            size = sight.shape[2], sight.shape[1]
            truth = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
            stored = (QUANTUM * sight).round().clamp(-127, 127).numpy().astype(np.int8)
            yield stored, np.asarray((255 * truth).round(), np.uint8)


def make_mask_states(
    folder: Path, *, count: int, seed: int, footage: Callable[[int], Footage]
) -> Iterator[int]:
    """Write a file per video until there are ``count``; goes on where it was stopped.

    The file of a video without states is empty, so that it is not made again to find none.

    Args:
        folder: where to.
        count: videos.
        seed: another one for other videos.
        footage: makes the video of a seed.

    Yields:
        How many videos there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"masks-{seed:06d}-{number:05d}.npz"
        if not path.exists():
            found = list(states_of(footage(seed * 1_000_000 + number)))
            arrays = {
                "sights": np.array([sight for sight, _ in found], np.int8),
                "truth": np.array([truth for _, truth in found], np.uint8),
            }
            write_arrays(path, arrays, compressed=True)
        yield number + 1


def read_mask_states(folder: Path) -> MaskStates:
    """Everything that was made in ``folder``, in the order of file names.

    Raises:
        SourceError: there is nothing.
    """
    sights, truth = [], []
    for path in sorted(folder.glob("masks-*.npz")):
        with np.load(path) as file:
            if len(file["truth"]):
                sights.append(file["sights"])
                truth.append(file["truth"])
    if not truth:
        raise SourceError(
            f"{folder} holds nothing to learn masks from (masks-*.npz with states).",
            remedy="Run: python tools/train_masks.py make FOLDER",
        )
    return MaskStates(np.concatenate(sights), np.concatenate(truth))
