"""Training of the memory for depth: short windows of rendered clips, in order."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidmem.heads.memory_look import Memorised
from vidmem.heads.memory_motion import Maps, Seen, warped
from vidmem.heads.memory_network import MemoryNetwork
from vidmem.training.clips import DepthClip
from vidmem.training.course import Course, Schedule
from vidmem.training.losses import gradient_error, silog
from vidmem.training.memory_windows import Cut, Window, random_window, window_of

OLDER = (4,)
"""Frames before the current one whose tokens are remembered, beside those of the last."""
STEP = 0.1
"""Change of true log depth along a pixel's path beyond which a corner hides something."""
SOFT = 0.01
PART = (48, 56)
"""Rows and columns of the maps that are learned from: all of them cost too much."""
ENDING = 10
"""Frames of a clip that are examined."""
BELIEF = 0.8
STEADINESS = 2.5
"""Weight of the temporal error."""


def answers_of(
    network: MemoryNetwork, seen: list[Seen], *, tokens: bool = True, gate: bool = False
) -> list[Maps]:
    """The corrected logarithm of inverse depth of every frame.

    Args:
        network: new or trained.
        seen: frames in order; before the first there is nothing to remember.
        tokens: without, the memory stays empty; carried decoder features stay.
        gate: remembered tokens move towards later answers, as learned.
    """
    videos = len(seen[0].image)
    stored: list[Memorised] = []
    answers, decoded = [], None
    for now, frame in enumerate(seen):
        places = [now - back for back in (1, *OLDER) if now >= back] if tokens else []
        parts = [stored[place] for place in places]
        memory = Memorised.joined(parts) if parts else Memorised.nothing(videos)
        answer = network(frame, memory, decoded)
        if gate and len(parts) > 1:
            for place, part in zip(places[1:], answer.memory.split(len(parts))[1:], strict=True):
                stored[place] = part
        decoded = answer.decoded
        stored.append(answer.tokens)
        answers.append(answer.log_inverse)
    return answers


def window_loss(answers: list[Maps], window: Window) -> dict[str, Float[Tensor, ""]]:
    """Shape, relative error, edges, and steadiness along true paths; ``loss`` is their sum."""
    log, true = torch.cat(answers)[:, 0], torch.cat(window.true_log)
    parts = {
        "silog": silog(log, true),
        "relative": (log - true).abs().mean(),
        "gradient": gradient_error(log, true),
        "temporal": temporal_error(answers, window),
    }
    total = parts["silog"] + parts["relative"] + 0.1 * parts["gradient"]
    total = total + STEADINESS * parts["temporal"]
    return {**parts, "loss": total}


def temporal_error(answers: list[Maps], window: Window) -> Float[Tensor, ""]:
    """How far the answer changes otherwise than the truth along a pixel's true path."""
    total, count = answers[0].new_zeros(()), answers[0].new_zeros(())
    for now in range(1, len(answers)):
        flow, visible = window.paths[now]
        true = window.true_log[now][:, None]
        before = torch.cat([answers[now - 1], window.true_log[now - 1][:, None]], 1)
        carried, true_before = warped(before, flow).chunk(2, 1)
        change = true - true_before
        use = visible[:, None] * (change.abs() < STEP)
        error = (answers[now] - carried - change).square().add(SOFT**2).sqrt() - SOFT
        total, count = total + (use * error).sum(), count + use.sum()
    return total / count.clamp_min(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecipe(Schedule):
    """Everything that decides what is learned, but for what the clips show."""

    clips: int
    """How many there are to learn from: another number would be another run."""
    batch: int = 3
    learning_rate: float = 2e-3
    warm_up: int = 50
    ema: float = 0.99
    frames: int = 6
    """Of a window."""


class MemoryLearner(Course):
    """A :class:`.course.Course` over windows of clips; every other step with the gate."""

    def __init__(self, recipe: MemoryRecipe, *, device: str = "cpu") -> None:
        torch.manual_seed(recipe.seed)
        self.network = MemoryNetwork()
        # From believing what is read: from nothing, nobody tells the tokens what they are for.
        nn.init.constant_(self.network.out.get_parameter("bias")[:1], BELIEF)
        super().__init__(recipe, self.network, device=device)
        self._frames = recipe.frames

    def advance(self, clips: list[DepthClip]) -> dict[str, float]:
        """One step; the losses before it."""
        window = random_window(
            clips, count=self.recipe.batch, length=self._frames, size=PART, random=self.chance()
        )
        answers = answers_of(self.network, window.seen, gate=self.step % 2 == 1)
        return self.learn(window_loss(answers, window))

    @torch.no_grad()
    def examine(self, clips: list[DepthClip]) -> dict[str, float]:
        """The moving average on the ends of clips that were kept back, and the base alone."""
        network = MemoryNetwork().eval()
        network.load_state_dict(self.average)
        totals: dict[str, float] = {}
        for clip in clips:
            size = (clip.log_inverse.shape[1], clip.log_inverse.shape[2])
            window = window_of([Cut(clip, len(clip) - ENDING)], length=ENDING, size=size)
            found = {
                "": answers_of(network, window.seen),
                "no tokens ": answers_of(network, window.seen, tokens=False),
                "base ": [frame.log_inverse for frame in window.seen],
            }
            for name, answers in found.items():
                for part, value in window_loss(answers, window).items():
                    key = name + part
                    totals[key] = totals.get(key, 0.0) + value.item() / len(clips)
        return totals
