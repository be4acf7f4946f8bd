"""Train masks from boxes on made-up pictures, round after round. Killed, it goes on.

python tools/train_prompts.py render BOXES --count 2560 --seed 1
python tools/train_prompts.py render HELD_OUT --count 256 --seed 9
python tools/train_prompts.py train RUN --boxes BOXES --held-out HELD_OUT
python tools/train_clicks.py train RUN ...          (corrections of clicks, see there)
python tools/train_prompts.py export RUN vidmem/checkpoints/nano-prompts.safetensors
"""

import argparse
import json
from functools import partial
from pathlib import Path

import torch
from runs import LICENCE, advance, last_look, obey, options_of_export, progress

from vidmem.heads.learned_prompts import PROMPTS
from vidmem.heads.learned_prompts_network import ROUNDS, PromptNetwork
from vidmem.heads.learned_weights import write_weights
from vidmem.training.click_learning import STATE
from vidmem.training.curves import Journal
from vidmem.training.prompt_learning import RoundLearner, RoundRecipe, joined, overlaps, pixels_of
from vidmem.training.prompting import Examples, make_examples, read_examples


def render(given: argparse.Namespace) -> None:
    """Boxes to a folder."""
    with progress() as bar:
        task = bar.add_task("boxes", total=given.count)
        for done in make_examples(given.folder, count=given.count, seed=given.seed):
            bar.update(task, completed=done)


def train(given: argparse.Namespace) -> None:
    """Every round in its turn."""
    given.run.mkdir(parents=True, exist_ok=True)
    boxes, held_out = read_examples(given.boxes), read_examples(given.held_out)
    network = PromptNetwork()
    journal = Journal(given.run / "losses.jsonl", step=0)
    for number in range(ROUNDS):
        learner = learn(given, boxes, network, number)
        network.rounds[number].load_state_dict(learner.average)
        found = overlaps(held_out, network, rounds=number + 1)
        shown = {f"held-out overlap {k}": value for k, value in enumerate(found)}
        journal.write({"step": learner.step * (number + 1), **shown})


def learn(
    given: argparse.Namespace, boxes: Examples, network: PromptNetwork, number: int
) -> RoundLearner:
    """One round, from where it was saved."""
    with progress() as bar:
        task = bar.add_task(f"round {number + 1} looks", total=len(boxes))
        pixels = []
        for each in pixels_of(boxes, network, number):
            pixels.append(each)
            bar.update(task, completed=len(pixels))
    recipe = RoundRecipe(boxes=len(boxes), number=number, seed=given.seed, steps=given.steps)
    learner = RoundLearner(recipe, joined(pixels))
    state = given.run / f"round-{number}.pt"
    if state.exists():
        learner.load(state)
    journal = Journal(state.with_suffix(".jsonl"), step=learner.step)
    advance(learner, learner.advance, journal, partial(learner.save, state), given)
    return learner


def export(given: argparse.Namespace) -> None:
    """The moving averages of a run as a file of weights."""
    figures = {
        "boxes": last_look(given.run / "losses.jsonl", f"held-out overlap {ROUNDS}"),
        "clicks": last_look(given.run / "clicks.jsonl", "held-out overlap before"),
    }
    network = PromptNetwork()
    for number, part in enumerate(network.rounds):
        state = torch.load(given.run / f"round-{number}.pt", map_location="cpu", weights_only=True)
        part.load_state_dict(state["average"])
    clicks = torch.load(given.run / STATE, map_location="cpu", weights_only=True)
    network.clicks.load_state_dict(clicks["average"])
    about = {
        "recipe": {"boxes": state["recipe"], "clicks": clicks["recipe"]},
        "pictures": given.about,
        "code": given.code,
        "licence": LICENCE,
        "figures": figures | json.loads(given.figures),
    }
    given.file.parent.mkdir(parents=True, exist_ok=True)
    write_weights(network.state_dict(), given.file, about=about, kind=PROMPTS)
    print(json.dumps(about, indent=1))


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("render", help="make boxes with the closed form's cues")
    command.add_argument("folder", type=Path)
    command.add_argument("--count", type=int, default=2560)
    command.add_argument("--seed", type=int, default=1, help="another one for other pictures")
    command.set_defaults(do=render)
    command = commands.add_parser("train", help="begin a run, or go on with it")
    command.add_argument("run", type=Path)
    command.add_argument("--boxes", type=Path, required=True)
    command.add_argument("--held-out", type=Path, required=True)
    command.add_argument("--steps", type=int, default=600, help="of every round")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(do=train, minutes=float("inf"), save_minutes=1.0)
    options_of_export(commands)
    commands.choices["export"].set_defaults(do=export)
    return parser


if __name__ == "__main__":
    obey(options())
