"""Train the memory for depth on rendered clips. Killed, it goes on where it was saved.

python tools/train_depth_memory.py render CLIPS --count 200 --seed 1
python tools/train_depth_memory.py render HELD_OUT --count 20 --seed 900
python tools/train_depth_memory.py train RUN --clips CLIPS --held-out HELD_OUT --minutes 10
python tools/train_depth_memory.py export RUN vidmem/checkpoints/nano-memory.safetensors
"""

import argparse
import json
from functools import partial
from pathlib import Path

import torch
from train_nano import LICENCE, advance, obey, options_of_export, progress

from vidmem.heads.learned_weights import MEMORY, write_weights
from vidmem.training.clips import DepthClip, read_clips, render_clips
from vidmem.training.curves import Journal, read_journal
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


def export(given: argparse.Namespace) -> None:
    """The moving average of a run as a file of weights."""
    state = torch.load(given.run / "state.pt", map_location="cpu", weights_only=True)
    held_out = [r for r in read_journal(given.run / "losses.jsonl") if "held-out loss" in r]
    about = {
        "recipe": state["recipe"],
        "steps": state["step"],
        "clips": given.about,
        "code": given.code,
        "licence": LICENCE,
        "figures": held_out[-1] | json.loads(given.figures),
    }
    write_weights(state["average"], given.file, about=about, kind=MEMORY)
    print(json.dumps(about, indent=1))


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
    command = commands.add_parser("train", help="begin a run, or go on with it")
    command.add_argument("run", type=Path)
    command.add_argument("--clips", type=Path, required=True)
    command.add_argument("--held-out", type=Path, required=True)
    command.add_argument("--steps", type=int, default=350)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--minutes", type=float, default=float("inf"), help="then stop and save")
    command.add_argument("--save-minutes", type=float, default=4.0)
    command.set_defaults(do=train)
    options_of_export(commands)
    commands.choices["export"].set_defaults(do=export)
    return parser


if __name__ == "__main__":
    obey(options())
