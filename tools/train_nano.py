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
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import standalone  # noqa: F401  # isort: skip - before anything of vidmem
import cv2
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidmem.errors import VidmemError
from vidmem.heads.geometry.prior import vertical_prior
from vidmem.heads.learned_network import OUTPUT_STRIDE, MonoNetwork
from vidmem.heads.learned_weights import MONO, Kind, read_weights, write_weights
from vidmem.training.augmenting import batch_of
from vidmem.training.course import Course
from vidmem.training.curves import Journal, draw_curves, read_journal
from vidmem.training.learning import Learner, Recipe
from vidmem.training.losses import within
from vidmem.training.stills import Stills, read_stills, render_stills

EVERY = 20
"""Steps between lines of the journal."""
LICENCE = "Apache-2.0"
PICTURE = (80, 112)


def progress() -> Progress:
    """A bar with a count, the time left and what is reported."""
    return Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}")
    )


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


def advance(
    course: Course,
    step: Callable[[], dict[str, float]],
    journal: Journal,
    save: Callable[[], None],
    given: argparse.Namespace,
) -> None:
    """Steps until all are made, or time is up; saved now and then, and at the end."""
    with progress() as bar:
        task = bar.add_task("", total=given.steps, completed=course.step)
        ends, saves = time.monotonic() + 60 * given.minutes, time.monotonic() + 60
        while course.step < given.steps and time.monotonic() < ends:
            losses = step()
            bar.update(task, completed=course.step, description=f"loss {losses['loss']:.3f}")
            if course.step % EVERY == 0:
                journal.write({"step": course.step, **losses})
            if time.monotonic() > saves:
                save()
                saves = time.monotonic() + 60 * given.save_minutes
    save()


def keep(learner: Learner, journal: Journal, held_out: Stills, state: Path) -> None:
    """Look at pictures that were kept back, draw, save."""
    found = learner.examine(held_out)
    journal.write({"step": learner.step, **{f"held-out {k}": v for k, v in found.items()}})
    cv2.imwrite(str(state.with_name("curves.png")), draw_curves(read_journal(journal.path)))
    learner.save(state)


def export(
    given: argparse.Namespace,
    *,
    source: str = "pictures",
    measured: str = "held-out d1",
    state: str = "state.pt",
    kind: Kind = MONO,
) -> None:
    """The moving average of a run as a file of weights; shared by the tools with one network.

    ``source``: what ``--about`` tells; ``measured``: a figure that the last look at what was kept
    back has.
    """
    run = torch.load(given.run / state, map_location="cpu", weights_only=True)
    held_out = [r for r in read_journal(given.run / "losses.jsonl") if measured in r]
    about = {
        "recipe": run["recipe"],
        "steps": run["step"],
        source: given.about,
        "code": given.code,
        "licence": LICENCE,
        "figures": held_out[-1] | json.loads(given.figures),
    }
    write_weights(run["average"], given.file, about=about, kind=kind)
    print(json.dumps(about, indent=1))


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


def code_version() -> str:
    """Of the installed package, where it is installed."""
    try:
        return version("vidmem")
    except PackageNotFoundError:
        return "not installed"


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
    command = commands.add_parser("train", help="begin a run, or go on with it")
    command.add_argument("run", type=Path)
    command.add_argument("--pictures", type=Path, required=True)
    command.add_argument("--held-out", type=Path, required=True)
    command.add_argument("--steps", type=int, default=10_500)
    command.add_argument("--batch", type=int, default=8)
    command.add_argument("--learning-rate", type=float, default=5e-4)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    command.add_argument("--minutes", type=float, default=float("inf"), help="then stop and save")
    command.add_argument("--save-minutes", type=float, default=4.0)
    command.set_defaults(do=train)
    _options_of_weights(commands)
    return parser


def options_of_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Of the command that every tool that trains ends with; the caller sets what it does."""
    command = commands.add_parser("export", help="write the weights that vidmem loads")
    command.add_argument("run", type=Path)
    command.add_argument("file", type=Path)
    command.add_argument("--about", default="", help="what it learned from: seeds and counts")
    command.add_argument("--code", default=code_version(), help="version or commit")
    command.add_argument("--figures", default="{}", help="measured ones, as JSON")


def _options_of_weights(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    options_of_export(commands)
    commands.choices["export"].set_defaults(do=export)
    command = commands.add_parser("judge", help="compare weights with the closed-form guess")
    command.add_argument("file", type=Path)
    command.add_argument("--held-out", type=Path, required=True)
    command.set_defaults(do=judge)


def obey(parser: argparse.ArgumentParser) -> None:
    """Read the command line, do what it says; shared by the tools that train."""
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    try:
        given.do(given)
    except VidmemError as error:
        raise SystemExit(f"{error}") from None


if __name__ == "__main__":
    obey(options())
