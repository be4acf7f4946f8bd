"""Train the memory for depth on rendered clips. Killed, it goes on where it was saved.

python tools/train_depth_memory.py render CLIPS --count 200 --seed 1
python tools/train_depth_memory.py render HELD_OUT --count 20 --seed 900
python tools/train_depth_memory.py train RUN --clips CLIPS --held-out HELD_OUT --minutes 10
python tools/train_depth_memory.py export RUN vidmem/checkpoints/nano-memory.safetensors
"""

import argparse
from functools import partial
from pathlib import Path

from runs import advance, export, obey, options_of_export, options_of_training, progress

from vidmem.heads.learned_weights import MEMORY
from vidmem.training.clips import DepthClip, read_clips, render_clips
from vidmem.training.curves import Journal
from vidmem.training.memory_learning import MemoryLearner, MemoryRecipe


def render(given: argparse.Namespace) -> None:
    """Clips to a folder."""
    with progress() as bar:
        task = bar.add_task("clips", total=given.count)
        for done in render_clips(given.folder, count=given.count, seed=given.seed):
            bar.update(task, completed=done)


def train(given: argparse.Namespace) -> None:
    """Steps until all are made, or time is up."""
    given.run.mkdir(parents=True, exist_ok=True)
    clips, held_out = read_clips(given.clips), read_clips(given.held_out)
    learner = MemoryLearner(MemoryRecipe(clips=len(clips), seed=given.seed, steps=given.steps))
    state = given.run / "state.pt"
    if state.exists():
        learner.load(state)
    journal = Journal(given.run / "losses.jsonl", step=learner.step)
    save = partial(keep, learner, journal, held_out, state)
    advance(learner, partial(learner.advance, clips), journal, save, given)


def keep(learner: MemoryLearner, journal: Journal, held_out: list[DepthClip], state: Path) -> None:
    """Look at clips that were kept back, save."""
    found = learner.examine(held_out)
    journal.write({"step": learner.step, **{f"held-out {k}": v for k, v in found.items()}})
    learner.save(state)


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("render", help="render clips with the closed form's depth")
    command.add_argument("folder", type=Path)
    command.add_argument("--count", type=int, default=200)
    command.add_argument("--seed", type=int, default=1, help="another one for other clips")
    command.set_defaults(do=render)
    options_of_training(commands, "--clips", steps=350).set_defaults(do=train)
    options_of_export(commands)
    commands.choices["export"].set_defaults(
        do=partial(export, source="clips", measured="held-out loss", kind=MEMORY)
    )
    return parser


if __name__ == "__main__":
    obey(options())
