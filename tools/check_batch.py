"""Measures what batches promise, with the command a user calls, and prints one line each.

python tools/check_batch.py bad          # twenty videos, one cut, one of text
python tools/check_batch.py kills        # SIGKILL at ten random moments, then to the end
python tools/check_batch.py throughput   # two workers against one, in turns
"""

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import av

from vidmem.sources import open_source
from vidmem.training.example import write_example

KILLS = 10


def make_videos(folder: Path, count: int, frames: int) -> None:
    """Copies of one rendered clip, each with its prompts beside it."""
    first = folder / "00.mp4"
    boxes = {prompt.object_id: prompt.box for prompt in write_example(first, frames=frames)}
    lines = [
        f"{number}:box={','.join(f'{side:g}' for side in box)}"
        for number, box in boxes.items()
        if box
    ]
    for number in range(count):
        if number:
            shutil.copy(first, folder / f"{number:02d}.mp4")
        (folder / f"{number:02d}.txt").write_text("\n".join(lines))


def command(videos: Path, out: Path, workers: int, *, save_every: int = 25) -> list[str]:
    """What a user types."""
    call = [sys.executable, "-m", "vidmem", "batch", str(videos), "--out", str(out), "--quiet"]
    return [*call, "--workers", str(workers), "--save-every", str(save_every)]


def check_bad(folder: Path) -> str:
    """One cut video and one of text among twenty."""
    videos, out = folder / "videos", folder / "out"
    videos.mkdir()
    make_videos(videos, 19, frames=24)
    whole = _index_in_front(videos / "18.mp4").read_bytes()
    (videos / "18.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    (videos / "19.mp4").write_text("this is no video\n" * 100)
    code = subprocess.run(command(videos, out, 2), check=False).returncode
    with (out / "summary.csv").open() as file:
        statuses = [row["status"] for row in csv.DictReader(file)]
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    return f"exit code {code}, {counts}"


def _index_in_front(path: Path) -> Path:
    """The same video so that a player, and whoever cuts it, finds its index first."""
    moved = path.with_suffix(".moved")
    options = {"movflags": "+faststart"}
    with av.open(str(path)) as old, av.open(str(moved), "w", "mp4", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return moved.replace(path)


def check_kills(folder: Path) -> str:
    """Killed at random moments with all its workers, the results are those of a run that was not.

    Masks are compared byte for byte, videos by their pictures.
    """
    videos = folder / "videos"
    videos.mkdir()
    make_videos(videos, 3, frames=150)
    subprocess.run(command(videos, folder / "whole", 2), check=True)
    chance = random.Random(0)
    killed, broken = 0, 0
    while killed < KILLS:
        process = subprocess.Popen(command(videos, folder / "killed", 2), start_new_session=True)
        try:
            process.wait(timeout=chance.uniform(4, 25))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            broken += sum(not complete(path) for path in (folder / "killed").glob("*/overlay.mp4"))
            continue
        shutil.rmtree(folder / "killed")
    code = subprocess.run(command(videos, folder / "killed", 2), check=False).returncode
    masks = [path.relative_to(folder / "whole") for path in (folder / "whole").rglob("*.png")]
    equal = sum(
        (folder / "whole" / path).read_bytes() == (folder / "killed" / path).read_bytes()
        for path in masks
    )
    whole = all(complete(path) for path in (folder / "killed").glob("*/overlay.mp4"))
    return (
        f"{killed} kills, exit code {code}, {equal} of {len(masks)} pictures equal, "
        f"{broken} broken videos under their names, all videos whole at the end: {whole}"
    )


def complete(path: Path) -> bool:
    """It plays to its end."""
    return len(list(open_source(path))) == 150


def check_throughput(folder: Path) -> str:
    """The same videos with two workers, one that has both cores, and one on one core, in turns."""
    videos = folder / "videos"
    videos.mkdir()
    make_videos(videos, 6, frames=120)
    cores = sorted(os.sched_getaffinity(0))
    ways = {"two workers": (2, cores[:2]), "one": (1, cores[:2]), "one on one core": (1, cores[:1])}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for attempt in range(2):
        for way, (workers, own) in ways.items():
            begin = time.perf_counter()
            call = command(videos, folder / f"{attempt}-{way}", workers, save_every=200)
            subprocess.run(call, check=True, preexec_fn=partial(os.sched_setaffinity, 0, own))
            seconds[way].append(time.perf_counter() - begin)
    best = {way: min(times) for way, times in seconds.items()}
    two = best.pop("two workers")
    others = ", ".join(f"{way} {t:.1f} s ({t / two:.2f} times)" for way, t in best.items())
    return f"two workers {two:.1f} s, {others}"


CHECKS = {"bad": check_bad, "kills": check_kills, "throughput": check_throughput}


def main() -> None:
    """Run the named checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", default=list(CHECKS))
    for name in parser.parse_args().checks:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name}: {CHECKS[name](Path(folder))}", flush=True)


if __name__ == "__main__":
    main()
