"""Train the embedded default's network on rendered rooms. Killed, it goes on where it was saved.

Needs torch, numpy, opencv-python-headless, safetensors and rich; vidmem need not be installed.

python tools/train_nano.py render PICTURES --count 8192 --seed 1
python tools/train_nano.py render HELD_OUT --count 256 --seed 900
python tools/train_nano.py train RUN --pictures PICTURES --held-out HELD_OUT --steps 10500
python tools/train_nano.py train RUN ... --minutes 10     a part of it; again for the next part
python tools/train_nano.py export RUN vidmem/checkpoints/nano.safetensors
python tools/train_nano.py judge vidmem/checkpoints/nano.safetensors --held-out HELD_OUT
"""

import argparse
import json
from functools import partial
from pathlib import Path

import cv2
import torch
from runs import advance, export, obey, options_of_export, options_of_training, progress

from vidmem.heads.geometry.prior import vertical_prior
from vidmem.heads.learned_network import OUTPUT_STRIDE, MonoNetwork
from vidmem.heads.learned_weights import MONO, read_weights
from vidmem.training.augmenting import batch_of
from vidmem.training.curves import Journal, draw_curves, read_journal
from vidmem.training.learning import Learner, Recipe
from vidmem.training.losses import within
from vidmem.training.stills import Stills, read_stills, render_stills

PICTURE = (80, 112)


def render(given: argparse.Namespace) -> None:
    """Pictures to a folder."""
    with progress() as bar:
        task = bar.add_task("pictures", total=given.count)
        for done in render_stills(given.folder, count=given.count, seed=given.seed):
            bar.update(task, completed=done)


def train(given: argparse.Namespace) -> None:
    """Steps until all are made, or time is up."""
    given.run.mkdir(parents=True, exist_ok=True)
    stills, held_out = read_stills(given.pictures), read_stills(given.held_out)
    recipe = Recipe(
        pictures=len(stills),
        seed=given.seed,
        steps=given.steps,
        batch=given.batch,
        learning_rate=given.learning_rate,
    )
    learner = Learner(recipe, device=given.device)
    state = given.run / "state.pt"
    if state.exists():
        learner.load(state)
    journal = Journal(given.run / "losses.jsonl", step=learner.step)
    save = partial(keep, learner, journal, held_out, state)
    advance(learner, partial(learner.advance, stills), journal, save, given)


def keep(learner: Learner, journal: Journal, held_out: Stills, state: Path) -> None:
    """Look at pictures that were kept back, draw, save."""
    found = learner.examine(held_out)
    journal.write({"step": learner.step, **{f"held-out {k}": v for k, v in found.items()}})
    cv2.imwrite(str(state.with_name("curves.png")), draw_curves(read_journal(journal.path)))
    learner.save(state)


@torch.no_grad()
def judge(given: argparse.Namespace) -> None:
    """d1 of the weights and of the closed-form guess, one scale and shift per held-out picture."""
    weights, _ = read_weights(given.file)
    network = MonoNetwork()
    network.load_state_dict(weights)
    network.eval()
    stills = read_stills(given.held_out)
    sums = {"pictures": 0.0, "lower is nearer": 0.0, "network": 0.0}
    for row in range(len(stills)):
        random = torch.Generator().manual_seed(row)
        image, rays, depth = batch_of(stills, [row], size=PICTURE, random=random)
        depth = depth[:, ::OUTPUT_STRIDE, ::OUTPUT_STRIDE]
        plain = torch.from_numpy(vertical_prior((depth.shape[1], depth.shape[2])))[None]
        sums["pictures"] += 1
        sums["lower is nearer"] += within(plain.log(), depth).item()
        sums["network"] += within(network(image, rays), depth).item()
    shares = {name: total / sums["pictures"] for name, total in sums.items()}
    print(json.dumps(shares | {"pictures": len(stills)}))


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("render", help="render pictures with depth to a folder")
    command.add_argument("folder", type=Path)
    command.add_argument("--count", type=int, default=8192)
    command.add_argument("--seed", type=int, default=1, help="another one for other pictures")
    command.set_defaults(do=render)
    command = options_of_training(commands, "--pictures", steps=10_500)
    command.add_argument("--batch", type=int, default=8)
    command.add_argument("--learning-rate", type=float, default=5e-4)
    command.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    command.set_defaults(do=train)
    _options_of_weights(commands)
    return parser


def _options_of_weights(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    options_of_export(commands)
    commands.choices["export"].set_defaults(
        do=partial(export, source="pictures", measured="held-out d1", kind=MONO)
    )
    command = commands.add_parser("judge", help="compare weights with the closed-form guess")
    command.add_argument("file", type=Path)
    command.add_argument("--held-out", type=Path, required=True)
    command.set_defaults(do=judge)


if __name__ == "__main__":
    obey(options())
