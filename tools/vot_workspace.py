"""Rendered videos as a workspace of the VOT challenge's toolkit, with vidmem entered in it.

    python tools/vot_workspace.py out/vot --seeds 0 1 --frames 150
    cd out/vot && vot evaluate vidmem && vot analysis vidmem --format json

The measure is that of VOTS: see docs/vot.md. Text files only: the toolkit is not imported.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vidmem.training.long import LongVideo, long_video

ENTRY = Path(__file__).parents[1] / "apps" / "vot_entry.py"
STACK = """\
title: Rendered videos, measured as in VOTS
experiments:
  baseline:
    type: unsupervised
    repetitions: 1
    multiobject: True
    analyses:
      - type: average_accuracy
        name: Quality
        burnin: 0
        ignore_unknown: False
        weighted: False
      - type: longterm_ar
        name: AR
      - type: average_quality_auxiliary
        name: Auxiliary
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """One sequence per seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the workspace, a new folder")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--family", default="nano")
    options = parser.parse_args(arguments)
    out: Path = options.out
    if out.exists():
        parser.error(f"{out} is there already")
    names = [f"world{seed}" for seed in options.seeds]
    for name, seed in zip(names, options.seeds, strict=True):
        try:
            video = long_video(seed, frames=options.frames)
        except RuntimeError as error:  # nothing leaves and comes back in so short a time
            parser.error(f"{error}; try more frames")
        write_sequence(video, out / "sequences" / name, frames=options.frames)
    (out / "sequences" / "list.txt").write_text("\n".join(names) + "\n")
    (out / "config.yaml").write_text("stack: ./stack.yaml\nregistry: [./trackers.ini]\n")
    (out / "stack.yaml").write_text(STACK)
    (out / "trackers.ini").write_text(
        f"[vidmem]\nlabel = vidmem\nprotocol = trax\ntimeout = 120\n"
        f"command = {sys.executable} {ENTRY} --family {options.family}\n"
    )
    print(out)
    return 0


def write_sequence(video: LongVideo, folder: Path, *, frames: int) -> None:
    """Pictures and, per object, one line of truth per frame."""
    (folder / "color").mkdir(parents=True)
    lines: dict[int, list[str]] = {target: [] for target in video.targets}
    for index in range(frames):
        rendered = video.world.frame(index)
        picture = Image.fromarray(rendered.image)
        picture.save(folder / "color" / f"{index + 1:08d}.jpg", quality=95)
        for target, told in lines.items():
            told.append(region(rendered.labels == target))
    for target, told in lines.items():
        (folder / f"groundtruth_{target}.txt").write_text("\n".join(told) + "\n")
    (folder / "sequence").write_text(
        f"channels.color=color/%08d.jpg\nname={folder.name}\nlength={frames}\nfps=30\n"
        f"width={picture.width}\nheight={picture.height}\n"
    )


def region(mask: np.ndarray) -> str:
    """A mask in the toolkit's text: corner, size, then runs of 0 and 1 in turn, row by row."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return "m0,0,0,0,0"
    top, left = int(rows[0]), int(columns[0])
    inside = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    bounds = np.flatnonzero(np.diff(inside.ravel().astype(np.int8), prepend=0)).tolist()
    runs = np.diff([0, *bounds, inside.size]).tolist()
    return "m" + ",".join(map(str, [left, top, inside.shape[1], inside.shape[0], *runs]))


if __name__ == "__main__":
    sys.exit(main())
