"""Answers to clicks on made-up pictures as the network that corrects them sees them; the truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int8, UInt8

from vidmem.errors import SourceError
from vidmem.heads.click_masks import after_click
from vidmem.heads.learned_clicks import corrected, sight_of, window_of
from vidmem.heads.learned_clicks_network import ClickNetwork
from vidmem.heads.learned_prompts_cues import squared
from vidmem.heads.prompt_masks import SEEN_PIXELS, seen
from vidmem.training.collages import Sources, collage
from vidmem.training.prompting import disguise
from vidmem.training.shards import write_arrays

SMALLEST_SHARE = 0.006
"""Of a picture, that an object covers."""
DISGUISED = 0.6
OBJECTS = 2
"""Of a picture, at most."""
CLICKS = 3
BLENDED = 0.2
"""Share of the states that are nearer to the truth in places, as after a good correction."""
AROUND = (0.2, 0.7)
SHARD = 256
QUANTUM = 50
"""Steps of a stored number's unit: -2.5 to 2.5 fit."""
Random = np.random.Generator
Sight = Float32[np.ndarray, "channels side side"]
Square = Float32[np.ndarray, "side side"]
Truth = Bool[np.ndarray, "h w"]
Person = Callable[[Truth, Truth], tuple[float, float, int]]
"""Who clicks next, seeing a mask and the truth: column, row, 1 for the object or 0 for the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """Where states come from."""

    sources: Sources
    person: Person
    network: ClickNetwork | None = None
    """Corrects every answer before the next click, as it will in use; None for no one."""


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Row = answer to a click."""

    sights: Int8[np.ndarray, "states channels side side"]
    truth: UInt8[np.ndarray, "states side side"]
    """How much of the pixel is the object, 0 to 255."""

    def __len__(self) -> int:
        return len(self.truth)


def states_of(seed: int, practice: Practice) -> Iterator[tuple[Sight, Square]]:
    """What there is to correct after one to three clicks in the picture of this seed."""
    random = np.random.default_rng([seed, 41])
    flat = collage(seed, practice.sources)
    image = disguise(flat.image, seed) if random.random() < DISGUISED else flat.image
    truths = [np.equal(flat.labels, label) for label in np.unique(flat.labels[flat.labels > 0])]
    truths = [truth for truth in truths if truth.mean() >= SMALLEST_SHARE]
    for number in random.permutation(len(truths))[:OBJECTS]:
        yield from _clicked(random, image, truths[number], practice)


def _clicked(
    random: Random, image: UInt8[np.ndarray, "h w 3"], truth: Truth, practice: Practice
) -> Iterator[tuple[Sight, Square]]:
    picture = seen(image, SEEN_PIXELS)
    (rows, columns), (height, width) = picture.size, truth.shape
    whole = truth.astype(np.float32)
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA) > 0.5
    now = np.zeros_like(small)
    dots: list[tuple[int, int, int]] = []
    places: list[tuple[float, float, int]] = []
    for _ in range(CLICKS):
        if np.array_equal(now, small):
            return
        x, y, label = (int(value) for value in practice.person(now, small))
        dots.append((x, y, label))
        places.append(((x + 0.5) * width / columns, (y + 0.5) * height / rows, label))
        now = after_click(picture, dots, now)
        known = cv2.resize(now.astype(np.float32), (width, height))
        if not (known > 0.5).any():
            return
        shown = _blended(random, known, truth) if random.random() < BLENDED else known
        if (shown > 0.5).any():
            box = window_of(shown > 0.5, places, around=random.uniform(*AROUND))
            yield sight_of(image, shown, places, box), squared(whole, box)
        if practice.network is not None:
            answer = corrected(practice.network, image, known, places)
            now = cv2.resize(answer, (columns, rows), interpolation=cv2.INTER_AREA) > 0.5
            now[y, x] = bool(label)


def _blended(
    random: Random, known: Float32[np.ndarray, "h w"], truth: Truth
) -> Float32[np.ndarray, "h w"]:
    """The truth in some places, the answer in the others."""
    plain = random.normal(size=known.shape).astype(np.float32)
    noise = cv2.GaussianBlur(plain, (0, 0), random.uniform(4, 14))
    right = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 1)
    chosen = noise > random.uniform(-0.5, 1.5) * noise.std()
    return np.where(chosen, known, right).astype(np.float32)


def make_states(folder: Path, *, count: int, seed: int, practice: Practice) -> Iterator[int]:
    """Write shards until there are ``count`` states; goes on where it was stopped.

    Yields:
        How many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(-(-count // SHARD)):
        path = folder / f"clicks-{seed:06d}-{shard:05d}.npz"
        if not path.exists():
            _write(path, seed * 1_000_000 + shard * 10 * SHARD, practice)
        yield (shard + 1) * SHARD


def _write(path: Path, seed: int, practice: Practice) -> None:
    found: list[tuple[Sight, Square]] = []
    while len(found) < SHARD:
        found += states_of(seed, practice)
        seed += 1
    sights = np.stack([sight for sight, _ in found[:SHARD]])
    truth = np.stack([square for _, square in found[:SHARD]])
    stored = {
        "sights": (QUANTUM * sights).round().clip(-127, 127).astype(np.int8),
        "truth": (255 * truth).round().clip(0, 255).astype(np.uint8),
    }
    write_arrays(path, stored)


def read_states(folder: Path) -> States:
    """Everything that was made in ``folder``, in the order of file names.

    Raises:
        SourceError: there is nothing.
    """
    paths = sorted(folder.glob("clicks-*.npz"))
    if not paths:
        raise SourceError(
            f"{folder} holds no answers to clicks (clicks-*.npz).",
            remedy="Run: python tools/train_clicks.py make FOLDER",
        )
    parts: dict[str, list[np.ndarray]] = {"sights": [], "truth": []}
    for path in paths:
        with np.load(path) as file:
            for name, part in parts.items():
                part.append(file[name])
    return States(**{name: np.concatenate(part) for name, part in parts.items()})
