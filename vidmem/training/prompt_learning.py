"""Masks from boxes, learned one round after another."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor
from torch.nn import functional

from vidmem.heads.learned_prompts import answers
from vidmem.heads.learned_prompts_cues import Cues
from vidmem.heads.learned_prompts_features import WITHIN, Look
from vidmem.heads.learned_prompts_network import PromptNetwork, Round
from vidmem.training.course import Course, Schedule
from vidmem.training.prompting import QUANTUM, Examples

PIXELS = 400
"""Of every box, by chance: its others say much the same."""
SMALLEST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRecipe(Schedule):
    """Everything that decides what a round learns, but for what the pictures show."""

    boxes: int
    """How many there are to learn from: another number would be another run."""
    number: int
    """Of the round, from 0."""
    steps: int = 600
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warm_up: int = 30
    ema: float = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What a round learns from: some pixels of every box."""

    features: Float32[np.ndarray, "boxes pixels features"]
    known: Float32[np.ndarray, "boxes pixels"]
    """The answer before, -1 to 1."""
    truth: Float32[np.ndarray, "boxes pixels"]


def cues_in(examples: Examples) -> Iterator[tuple[Cues, Float32[np.ndarray, "side side"]]]:
    """Every box and its truth, as they were before they were stored."""
    for image, planes, seen, truth in zip(
        examples.images, examples.planes, examples.seen, examples.truth, strict=True
    ):
        known = planes.astype(np.float32) / QUANTUM
        yield Cues(image, known, seen > 0), truth.astype(np.float32) / 255


def pixels_of(examples: Examples, network: PromptNetwork, number: int) -> Iterator[Pixels]:
    """What round ``number`` sees after those before it, box by box.

    Args:
        examples: boxes.
        network: its earlier rounds are trained.
        number: from 0.
    """
    random = np.random.default_rng(0)
    for cues, truth in cues_in(examples):
        look = Look(cues)
        features, known = look.first, cues.planes[0]
        if number:
            answer = answers(network, cues, rounds=number)[-1]
            features, known = look.after(answer, look.context(answer)), 2 * answer - 1
        inner = truth[WITHIN].ravel()
        chosen = random.choice(inner.size, PIXELS, replace=False)
        flat = features[WITHIN].reshape(inner.size, -1)
        yield Pixels(flat[chosen][None], known[WITHIN].ravel()[chosen][None], inner[chosen][None])


def joined(pixels: list[Pixels]) -> Pixels:
    """All boxes together."""
    return Pixels(
        np.concatenate([p.features for p in pixels]),
        np.concatenate([p.known for p in pixels]),
        np.concatenate([p.truth for p in pixels]),
    )


class RoundLearner(Course):
    """A :class:`.course.Course` over the pixels that one round sees."""

    def __init__(self, recipe: RoundRecipe, pixels: Pixels) -> None:
        torch.manual_seed(recipe.seed)
        self.network = Round(pixels.features.shape[-1])
        flat = pixels.features.reshape(-1, pixels.features.shape[-1])
        self.network.mean.copy_(torch.from_numpy(flat.mean(0)))
        self.network.deviation.copy_(torch.from_numpy(flat.std(0) + SMALLEST_DEVIATION))
        super().__init__(recipe, self.network)
        self._pixels = pixels

    def advance(self) -> dict[str, float]:
        """One step; the losses before it."""
        rows = torch.randint(
            len(self._pixels.truth), (self.recipe.batch,), generator=self.chance()
        ).numpy()
        known = torch.from_numpy(self._pixels.known[rows])
        logits = self.network(torch.from_numpy(self._pixels.features[rows]), known)
        return self.learn(mask_loss(logits, torch.from_numpy(self._pixels.truth[rows])))


def mask_loss(
    logits: Float[Tensor, "boxes pixels"], truth: Float[Tensor, "boxes pixels"]
) -> dict[str, Tensor]:
    """Cross-entropy, and what is missing of the soft overlap of every box."""
    entropy = functional.binary_cross_entropy_with_logits(logits, truth)
    likely = torch.sigmoid(logits)
    shared = (likely * truth).sum(1)
    overlap = (shared + 1) / (likely.sum(1) + truth.sum(1) - shared + 1)
    apart = 1 - overlap.mean()
    return {"loss": entropy + apart, "entropy": entropy, "apart": apart}


def intersection_over_union(
    one: Bool[Tensor, "masks ..."], other: Bool[Tensor, "masks ..."]
) -> Float[Tensor, " masks"]:
    """Of every pair of masks, 0 to 1; 0 where both are empty."""
    shared, together = (one & other).flatten(1).sum(1), (one | other).flatten(1).sum(1)
    return shared / together.clamp_min(1)


def overlaps(examples: Examples, network: PromptNetwork, *, rounds: int) -> list[float]:
    """Mean overlap in the box: of the closed form, then after every round."""
    rows = []
    for cues, truth in cues_in(examples):
        inner = truth[WITHIN] > 0.5
        found = [cues.planes[0] > 0]
        found += (
            [answer > 0.5 for answer in answers(network, cues, rounds=rounds)] if rounds else []
        )
        rows.append([_overlap(mask[WITHIN], inner) for mask in found])
    return [float(value) for value in np.mean(rows, 0)]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
