"""Training is exact: killed and resumed it makes the same losses, and a full disk loses nothing."""

import subprocess
from dataclasses import replace

import pytest
import torch

from vidmem.errors import CheckpointError, SinkError
from vidmem.training.curves import Journal, draw_curves, read_journal
from vidmem.training.learning import Learner, Recipe

RECIPE = Recipe(pictures=6, batch=2, steps=6, warm_up=2)


@pytest.fixture(scope="module")
def straight(tiny_stills):
    """Losses of four steps in one go, and the weights after them."""
    learner = Learner(RECIPE)
    return [learner.advance(tiny_stills) for _ in range(4)], learner.average


def test_killed_training_resumes_to_the_same_losses(tiny_stills, straight, tmp_path):
    first = Learner(RECIPE)
    losses = [first.advance(tiny_stills) for _ in range(2)]
    first.save(tmp_path / "state.pt")
    torch.rand(7)  # whatever else drew numbers in between
    second = Learner(RECIPE)
    second.load(tmp_path / "state.pt")
    losses += [second.advance(tiny_stills) for _ in range(2)]
    assert losses == straight[0]
    assert all(torch.equal(second.average[name], straight[1][name]) for name in straight[1])


def test_it_learns(tiny_stills):
    learner = Learner(replace(RECIPE, steps=24, batch=3))
    before = learner.examine(tiny_stills)["loss"]
    for _ in range(24):
        learner.advance(tiny_stills)
    assert learner.examine(tiny_stills)["loss"] < 0.8 * before


def test_a_state_of_another_recipe_is_refused(tiny_stills, tmp_path):
    Learner(RECIPE).save(tmp_path / "state.pt")
    other = Learner(replace(RECIPE, batch=3))
    with pytest.raises(CheckpointError, match="was made by"):
        other.load(tmp_path / "state.pt")


@pytest.mark.parametrize("damage", ["cut", "foreign", "empty"])
def test_a_damaged_state_names_itself(tmp_path, damage):
    path = tmp_path / "state.pt"
    Learner(RECIPE).save(path)
    whole = path.read_bytes()
    if damage == "foreign":
        torch.save({"something": torch.zeros(3)}, path)
    else:
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    with pytest.raises(CheckpointError, match=r"state\.pt is no training state"):
        Learner(RECIPE).load(path)


def test_a_full_disk_keeps_the_previous_state(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        learner = Learner(RECIPE)
        learner.save(disk / "state.pt")
        before = (disk / "state.pt").read_bytes()
        (disk / "other").write_bytes(bytes(70_000_000 - len(before)))
        with pytest.raises(SinkError, match="cannot be written"):
            learner.save(disk / "state.pt")
        assert (disk / "state.pt").read_bytes() == before
        assert not list(disk.glob("*.partial"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_journal_forgets_what_was_not_saved(tmp_path):
    path = tmp_path / "losses.jsonl"
    journal = Journal(path, step=0)
    for step in range(1, 6):
        journal.write({"step": step, "loss": 1 / step})
    with path.open("a") as file:
        file.write('{"step": 6, "lo')  # killed while writing
    Journal(path, step=3)
    assert [record["step"] for record in read_journal(path)] == [1, 2, 3]


def test_the_curve_goes_down_where_the_loss_does():
    records = [{"step": s, "held-out d1": s / 50} for s in range(50)]
    green = (draw_curves(records)[60:] == (30, 120, 30)).all(-1).nonzero()
    left, right = green[0][green[1] < 200], green[0][green[1] > 600]
    assert right.max() < left.min(), "d1 rises to the right"
