"""Train corrections of answers to clicks on made-up pictures. Killed, it goes on.

    npm pack @lobehub/fluent-emoji-3d                 (unpacked: its folder assets has the cutouts)
    python tools/train_nano.py render ROOMS
    python tools/train_clicks.py make STATES --cutouts C --photographs P --rooms ROOMS --seed 1
    python tools/train_clicks.py make HELD_OUT ... --seed 9 --count 512
    python tools/train_clicks.py train RUN --states STATES --held-out HELD_OUT

``tools/train_prompts.py export RUN FILE`` joins what both tools learned in RUN. States made with
``--run`` of an earlier run have its corrections in them, as in use.
"""

import argparse
from pathlib import Path

import torch
from runs import advance, obey, options_of_training, progress

from vidmem.evaluation.prompts import next_click
from vidmem.heads.learned_clicks_network import ClickNetwork
from vidmem.training.click_learning import STATE, ClickLearner, ClickRecipe, click_overlaps
from vidmem.training.click_states import Practice, make_states, read_states
from vidmem.training.collages import Sources
from vidmem.training.curves import Journal


def make(given: argparse.Namespace) -> None:
    """Answers to clicks, to a folder."""
    sources = Sources.of(given.cutouts, given.photographs, given.rooms)
    network = None
    if given.run:
        state = torch.load(given.run / STATE, map_location="cpu", weights_only=True)
        network = ClickNetwork()
        network.load_state_dict(state["average"])
        network.eval()
    practice = Practice(sources, next_click, network)
    with progress() as bar:
        task = bar.add_task("answers", total=given.count)
        for done in make_states(
            given.folder, count=given.count, seed=given.seed, practice=practice
        ):
            bar.update(task, completed=done)


def train(given: argparse.Namespace) -> None:
    """Steps until all are made, or time is up."""
    given.run.mkdir(parents=True, exist_ok=True)
    states, held_out = read_states(given.states), read_states(given.held_out)
    recipe = ClickRecipe(states=len(states), seed=given.seed, steps=given.steps)
    learner = ClickLearner(recipe, states)
    path = given.run / STATE
    if path.exists():
        learner.load(path)
    journal = Journal(given.run / "clicks.jsonl", step=learner.step)

    def keep() -> None:
        network = ClickNetwork()
        network.load_state_dict(learner.average)
        before, after = click_overlaps(network, held_out)
        found = {"held-out overlap before": before, "held-out overlap": after}
        journal.write({"step": learner.step, **found})
        learner.save(path)

    advance(learner, learner.advance, journal, keep, given)


def options_of_making(command: argparse.ArgumentParser, *, count: int) -> None:
    """Of what is made of collages."""
    command.add_argument("folder", type=Path)
    command.add_argument("--cutouts", type=Path, required=True, help="CODE.webp, see above")
    command.add_argument(
        "--photographs", type=Path, required=True, help=".jpg and .png, as grounds"
    )
    command.add_argument("--rooms", type=Path, required=True, help="of train_nano.py render")
    command.add_argument("--count", type=int, default=count)
    command.add_argument("--seed", type=int, default=1, help="another one for other pictures")


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("make", help="click on made-up pictures")
    options_of_making(command, count=2560)
    command.add_argument("--run", type=Path, help="correct every answer by what this run learned")
    command.set_defaults(do=make)
    options_of_training(commands, "--states", steps=ClickRecipe.steps).set_defaults(do=train)
    return parser


if __name__ == "__main__":
    obey(options())
