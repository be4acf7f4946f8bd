"""Objects in their boxes to learn from, made once into a folder and read back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8

from vidmem.errors import SourceError
from vidmem.heads.contrast import Window
from vidmem.heads.learned_prompts_cues import Cues, cues_of, squared
from vidmem.training.augmenting import disguised
from vidmem.training.composites import SIZE, composite
from vidmem.training.shards import write_arrays
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig

WORLD_SHARE = 0.2
DISGUISED = 0.75
SMALLEST_SHARE = 0.002
"""Of a picture, that an object covers."""
LOOSE = 0.03
"""Spread of a loose box's sides, of its size."""
SHARD = 256
QUANTUM = 127
Random = np.random.Generator
Image = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Boxes as the network sees them, and the truth; row = box."""

    images: UInt8[np.ndarray, "boxes side side 3"]
    planes: np.ndarray
    """[boxes, 3, side, side] of -127 to 127 (see :class:`.learned_prompts_cues.Cues`)."""
    seen: np.ndarray
    """[boxes, side, side]: 1 inside the picture."""
    truth: UInt8[np.ndarray, "boxes side side"]
    """How much of the pixel is the object, 0 to 255."""

    def __len__(self) -> int:
        return len(self.truth)


def examples_of(seed: int) -> Iterator[tuple[Cues, Float32[np.ndarray, "side side"]]]:
    """Every object of the picture of this seed that is large enough: always the same."""
    random = np.random.default_rng([seed, 17])
    image, labels = _picture(random, seed)
    if random.random() < DISGUISED:
        image = disguise(image, seed)
    for label in np.unique(labels[labels > 0]):
        truth = np.equal(labels, label)
        if truth.mean() >= SMALLEST_SHARE:
            left, top, width, height = cv2.boundingRect(truth.astype(np.uint8))
            tight = (float(left), float(top), float(left + width), float(top + height))
            box = _loosened(random, tight, labels.shape)
            yield cues_of(image, box), squared(truth.astype(np.float32), box)


def _picture(random: Random, seed: int) -> tuple[Image, UInt8[np.ndarray, "height width"]]:
    if random.random() >= WORLD_SHARE:
        flat = composite(seed)
        return flat.image, flat.labels
    config = WorldConfig(
        frames=1, height=SIZE[0], width=SIZE[1], objects=4, furniture=8, photographs=True
    )
    shown = make_world(config, seed=seed).frame(0)
    return shown.image, shown.labels


def disguise(image: Image, seed: int) -> Image:
    """Other colours, light and sensors; the same for the same seed."""
    random = torch.Generator().manual_seed(seed)
    plain = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    changed = 255 * disguised(plain, random=random)[0].permute(1, 2, 0)
    return changed.round().to(torch.uint8).numpy()


def _loosened(random: Random, box: Window, size: tuple[int, int]) -> Window:
    """As a person draws it: tight or nearly."""
    left, top, right, bottom = box
    sides = np.array(box)
    if random.random() < 0.5:
        sides += LOOSE * random.normal(size=4) * np.tile((right - left, bottom - top), 2)
    sides = np.clip(sides, 0, np.tile(size[::-1], 2))
    return sides[0], sides[1], max(sides[2], sides[0] + 1), max(sides[3], sides[1] + 1)


def make_examples(folder: Path, *, count: int, seed: int) -> Iterator[int]:
    """Write shards until there are ``count`` boxes; goes on where it was stopped.

    Yields:
        How many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(-(-count // SHARD)):
        path = folder / f"boxes-{seed:06d}-{shard:05d}.npz"
        if not path.exists():
            _write(path, _gather(seed * 1_000_000 + shard * 10 * SHARD))
        yield (shard + 1) * SHARD


def _gather(seed: int) -> Examples:
    found: list[tuple[Cues, np.ndarray]] = []
    while len(found) < SHARD:
        found += examples_of(seed)
        seed += 1
    found = found[:SHARD]
    return Examples(
        images=np.stack([cues.image for cues, _ in found]),
        planes=np.stack([(QUANTUM * cues.planes).round().astype(np.int8) for cues, _ in found]),
        seen=np.stack([cues.seen for cues, _ in found]).astype(np.uint8),
        truth=np.stack([(255 * truth).round().astype(np.uint8) for _, truth in found]),
    )


def _write(path: Path, examples: Examples) -> None:
    names = ("images", "planes", "seen", "truth")
    write_arrays(path, {name: getattr(examples, name) for name in names})


def read_examples(folder: Path) -> Examples:
    """Everything that was made in ``folder``, in the order of file names.

    Raises:
        SourceError: there is nothing.
    """
    paths = sorted(folder.glob("boxes-*.npz"))
    if not paths:
        raise SourceError(
            f"{folder} holds no examples (boxes-*.npz).",
            remedy="Run: python tools/train_prompts.py render FOLDER",
        )
    names = ("images", "planes", "seen", "truth")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for path in paths:
        with np.load(path) as file:
            for name in names:
                parts[name].append(file[name])
    return Examples(**{name: np.concatenate(parts[name]) for name in names})
