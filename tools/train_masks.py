"""Train corrections of shown masks on made-up videos. Killed, it goes on where it was saved.

npm pack @lobehub/fluent-emoji-3d                 (unpacked: its folder assets has the cutouts)
python tools/train_nano.py render ROOMS
python tools/train_masks.py make STATES --cutouts C --photographs P --rooms ROOMS --seed 1
python tools/train_masks.py make HELD_OUT ... --seed 9 --count 30
python tools/train_masks.py train RUN --states STATES --held-out HELD_OUT
python tools/train_masks.py export RUN vidmem/checkpoints/nano-masks.safetensors
"""

import argparse
from functools import partial

from runs import advance, export, obey, options_of_export, options_of_training, progress
from train_clicks import options_of_making

from vidmem.heads.learned_masks import MASKS
from vidmem.heads.learned_masks_network import MaskNetwork
from vidmem.training.collages import Sources
from vidmem.training.curves import Journal
from vidmem.training.mask_learning import STATE, MaskLearner, MaskRecipe, mask_overlaps
from vidmem.training.mask_states import footage_of, make_mask_states, read_mask_states


def make(given: argparse.Namespace) -> None:
    """Follow objects in made-up videos, to a folder."""
    sources = Sources.of(given.cutouts, given.photographs, given.rooms)
    footage = partial(footage_of, sources=sources)
    with progress() as bar:
        task = bar.add_task("videos", total=given.count)
        for done in make_mask_states(
            given.folder, count=given.count, seed=given.seed, footage=footage
        ):
            bar.update(task, completed=done)


def train(given: argparse.Namespace) -> None:
    """Steps until all are made, or time is up."""
    given.run.mkdir(parents=True, exist_ok=True)
    states, held_out = read_mask_states(given.states), read_mask_states(given.held_out)
    recipe = MaskRecipe(states=len(states), seed=given.seed, steps=given.steps)
    learner = MaskLearner(recipe, states)
    path = given.run / STATE
    if path.exists():
        learner.load(path)
    journal = Journal(given.run / "losses.jsonl", step=learner.step)

    def keep() -> None:
        network = MaskNetwork()
        network.load_state_dict(learner.average)
        before, after = mask_overlaps(network, held_out)
        found = {"held-out overlap before": before, "held-out overlap": after}
        journal.write({"step": learner.step, **found})
        learner.save(path)

    advance(learner, learner.advance, journal, keep, given)


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("make", help="follow objects in made-up videos")
    options_of_making(command, count=240)
    command.set_defaults(do=make)
    options_of_training(
        commands, "--states", steps=MaskRecipe.steps, save_minutes=2.0
    ).set_defaults(do=train)
    options_of_export(commands)
    commands.choices["export"].set_defaults(
        do=partial(export, source="videos", measured="held-out overlap", state=STATE, kind=MASKS)
    )
    return parser


if __name__ == "__main__":
    obey(options())
