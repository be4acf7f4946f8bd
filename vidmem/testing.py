"""Checks for parts that strangers plug in: they run them and say what breaks the contract."""

from collections.abc import Iterator, Sequence

import numpy as np

from vidmem.config import Config
from vidmem.engine import load
from vidmem.protocols import DepthBase, Tracker
from vidmem.types import Frame, Prompt, Result

SIZE = (72, 96)
SQUARE = 20
SPEED_PX = 2


def check_tracker(tracker: Tracker, *, frames: int = 12) -> float:
    """Run a tracker over a moving square, with the memory, refinement and saving of vidmem.

    Returns:
        Mean IoU over the frames after the first.

    Raises:
        AssertionError: which promise of :class:`vidmem.Tracker` it breaks.
    """
    assert isinstance(tracker, Tracker), "it lacks one of encode, segment, remember, page_shapes"
    video = list(moving_square(frames))
    prompts = {0: [Prompt(1, mask=truth(video[0]))]}
    first = _run(tracker, video, prompts)
    second = _run(tracker, video, prompts)
    for result, again in zip(first, second, strict=True):
        _check_result(result)
        assert np.array_equal(result.masks.mask(1), again.masks.mask(1)), (
            f"frame {result.frame.index} differs between two runs: it keeps something to itself"
        )
    overlaps = [_overlap(result) for result in first[1:]]
    return float(np.mean(overlaps))


def check_depth_base(depth: DepthBase, *, frames: int = 6) -> None:
    """Run a depth network over a moving square.

    Raises:
        AssertionError: which promise of :class:`vidmem.DepthBase` it breaks.
    """
    assert isinstance(depth, DepthBase), "it lacks estimate"
    for result in load("nano", depth=depth).run(moving_square(frames)):
        answer = result.depth
        assert answer is not None, "it gave no depth"
        assert answer.inverse.shape == answer.confidence.shape, "confidence has another size"
        assert np.isfinite(answer.inverse).all(), "inverse depth is not finite"
        assert (answer.inverse >= 0).all(), "inverse depth is negative"
        assert ((answer.confidence >= 0) & (answer.confidence <= 1)).all(), "confidence leaves 0-1"


def moving_square(frames: int) -> Iterator[Frame]:
    """A textured square that moves over a textured background."""
    random = np.random.default_rng(0)
    ground = np.kron(random.integers(0, 90, (18, 24, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    square = np.kron(random.integers(150, 255, (5, 5, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    for index in range(frames):
        image = ground.copy()
        left = 10 + SPEED_PX * index
        image[26 : 26 + SQUARE, left : left + SQUARE] = square
        yield Frame(image, index, index / 30)


def truth(frame: Frame) -> np.ndarray:
    """The square's exact mask."""
    mask = np.zeros(SIZE, bool)
    left = 10 + SPEED_PX * frame.index
    mask[26 : 26 + SQUARE, left : left + SQUARE] = True
    return mask


def _run(
    tracker: Tracker, video: Sequence[Frame], prompts: dict[int, list[Prompt]]
) -> list[Result]:
    engine = load("nano", tracker=tracker, config=Config())
    return list(engine.run(video, prompts))


def _check_result(result: Result) -> None:
    masks, index = result.masks, result.frame.index
    assert masks.ids == (1,), f"frame {index}: the objects are {masks.ids}, not (1,)"
    assert masks.logits.shape[0] == 1, f"frame {index}: logits have no row per object"
    assert bool(masks.logits.isfinite().all()), f"frame {index}: logits are not finite"
    assert all(0 <= p <= 1 for p in masks.presence), f"frame {index}: presence leaves 0-1"
    assert 1 in masks.state, f"frame {index}: no state for object 1"
    assert masks.labels is not None
    assert masks.labels.shape == result.frame.size, f"frame {index}: labels have another size"


def _overlap(result: Result) -> float:
    predicted, expected = result.masks.mask(1), truth(result.frame)
    return float((predicted & expected).sum() / max(1, (predicted | expected).sum()))
