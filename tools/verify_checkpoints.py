"""Fetch checkpoints, load them, compare with their packages, evaluate, print rows for the README.

    python tools/verify_checkpoints.py sam2.1-tiny sam-hq-vit-tiny --root DAVIS
    python tools/verify_checkpoints.py sam2.1-tiny --file sam2.1-tiny=my.pt

Nothing could be downloaded where vidmem was built: this is how a user with a connection proves that
the real weights work. Without ``--root`` a rendered video is followed. Exit code 1: one failed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vidmem import Config, Engine, Frame, Prompt, VidmemError, load
from vidmem.config import DepthConfig, RefineConfig, config_of
from vidmem.evaluation.davis import evaluate_davis
from vidmem.evaluation.masks import contour, region
from vidmem.evaluation.sam2_official import build_official, follow, write_frames
from vidmem.models.sam2 import build_network, make_tracker, take_weights
from vidmem.models.sam_hq import load_sam_hq
from vidmem.refine.candidates import hint_at
from vidmem.refine.sam_hq import to_square
from vidmem.testing import moving_square, truth
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig
from vidmem.weights import check, fetch, known

NO_DEPTH = DepthConfig(enabled=False)
COMPARED = 8
"""Frames in which SAM 2.1 is compared."""
LATE = 3
"""Where the second object joins."""
EQUAL = 1e-2
"""Largest difference of logits, which reach about 20, that rounding explains: pages are kept in
bfloat16, and what lies between two of its values may fall to either side."""


def main(arguments: Sequence[str] | None = None) -> int:
    """One line per step and a table row per checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="+", help="as in: vidmem weights list")
    parser.add_argument("--root", type=Path, help="a DAVIS tree, as for vidmem eval davis")
    parser.add_argument("--file", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--accept-licence", action="store_true")
    parser.add_argument("--image-size", type=int, default=1024, help="SAM 2.1: of its input")
    parser.add_argument("--frames", type=int, default=30, help="of the rendered video")
    options = parser.parse_args(arguments)
    files = dict(entry.split("=", 1) for entry in options.file)
    rows, failed = [], 0
    for name in options.names:
        try:
            rows.append(verify(name, files.get(name), options))
        except VidmemError as error:
            failed += 1
            print(f"{name}: FAILED: {error}", flush=True)
    if rows:
        print("\n| weights | values | largest difference from the package | J&F | frames/s |")
        print("|---|---|---|---|---|")
        print("\n".join(rows))
    different = sum("DIFFERENT" in row for row in rows)
    return int(bool(failed or different))


def verify(name: str, file: str | None, options: argparse.Namespace) -> str:
    """One checkpoint's row.

    Raises:
        VidmemError: it cannot be fetched, or is not what its name says.
    """
    weights = known(name)
    path = Path(file) if file else fetch(name, accept_licence=options.accept_licence)
    values = sum(tensor.numel() for tensor in check(path, weights).values())
    print(f"{name}: {path}, {values / 1e6:.1f} M values, {weights.licence}", flush=True)
    if weights.family == "sam2.1":
        difference, make = sam2(name, path, options.image_size)
    elif weights.family == "sam-hq":
        difference, make = sam_hq(name, path)
    else:
        return f"| {name} | {values / 1e6:.1f} M | nothing here reads it yet | | |"
    told = f"{difference:.1e}{verdict(difference)}"
    print(f"{name}: differs from its package by at most {told}", flush=True)
    quality, speed, where = evaluate(make, options.root, options.frames)
    shown = f"{told} | {quality:.3f} ({where}) | {speed:.2f}"
    return f"| {name} | {values / 1e6:.1f} M | {shown} |"


def verdict(difference: float) -> str:
    """Nothing, or that it is too much."""
    return "" if difference <= EQUAL else " DIFFERENT"


def sam2(name: str, path: Path, image_size: int) -> tuple[float, Callable[[], Engine]]:
    """Largest difference of logits from the package's video predictor, and what makes engines."""
    size = name.removeprefix("sam2.1-")
    config = replace(config_of(f"{name}-hq"), depth=NO_DEPTH, refine=RefineConfig(by="edges"))
    tracker = replace(config.tracker, checkpoint=str(path), image_size=image_size)
    config = replace(config, tracker=tracker)
    network = build_network(size, image_size=image_size)
    take_weights(network, check(path, known(name)), path, name)
    tracker_of_all = make_tracker(network, config)
    alike = replace(config, memory=replace(config.memory, policy="fifo"))
    engine = load(config=alike, tracker=tracker_of_all)
    video = list(moving_square(COMPARED))
    prompts = {0: [Prompt(1, mask=truth(video[0]))], LATE: [Prompt(2, box=(60, 10, 90, 30))]}
    official = build_official(size, image_size=image_size, weights=network.state_dict())
    expected: dict[int, dict[int, torch.Tensor]] = {}
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        write_frames(video, Path(folder))
        expected = dict(follow(official, official.init_state(folder), prompts, frames=COMPARED))
    worst = 0.0
    for result in engine.run(video, prompts):
        for object_id, row in zip(result.masks.ids, result.masks.logits, strict=True):
            theirs = expected[result.frame.index][object_id]
            worst = max(worst, float((row - theirs).abs().max()))
    return worst, lambda: load(config=config, tracker=tracker_of_all)


def sam_hq(name: str, path: Path) -> tuple[float, Callable[[], Engine]]:
    """Largest difference of the best candidate from what the package's predictor gives."""
    from segment_anything_hq import SamPredictor

    refine = RefineConfig(
        by="sam-hq",
        size=name.removeprefix("sam-hq-vit-"),  # type: ignore[arg-type]
        checkpoint=str(path),
    )
    config = Config(depth=NO_DEPTH, refine=refine)
    ours = load_sam_hq(config)
    frame = next(iter(moving_square(1)))
    logits = torch.from_numpy(np.where(truth(frame), 6.0, -6.0).astype(np.float32))
    hint = hint_at(logits, np.full(logits.shape, -1, np.float32), frame.size)
    offer = ours.offer(ours.see(frame.image), hint)
    official = SamPredictor(ours.network)
    official.set_image(frame.image)
    side = ours.network.image_encoder.img_size
    best, _, _ = official.predict(
        point_coords=np.array([[x, y] for x, y, _ in hint.points]),
        point_labels=np.array([label for *_, label in hint.points]),
        box=np.array(hint.box),
        mask_input=to_square(hint.logits, official.input_size, side)[0].cpu().numpy(),
        multimask_output=True,
        return_logits=True,
    )
    ours_best = offer.logits[int(offer.scores.argmax())].numpy()
    engine = load(config=config)
    refiner = engine.models.refiner
    return float(np.abs(ours_best - best[0]).max()), lambda: load(config=config, refiner=refiner)


def evaluate(
    make: Callable[[], Engine], root: Path | None, frames: int
) -> tuple[float, float, str]:
    """J&F, frames per second, and on what."""
    if root is not None:
        report: dict[str, Any] = evaluate_davis(root, make_engine=make)
        return report["JF"], report["fps"], f"{root.name}, {len(report['sequences'])} sequences"
    clip = make_world(WorldConfig(frames=frames), seed=0).clip()
    ids = [int(i) for i in np.unique(clip.labels[0]) if i]
    prompts = {0: [Prompt(i, mask=clip.labels[0] == i) for i in ids]}
    video: list[Frame] = list(clip.frames())
    scores, start = [], time.perf_counter()
    for result in make().run(video, prompts):
        labels = clip.labels[result.frame.index]
        for i in ids if result.frame.index else ():
            mask = result.masks.mask(i)
            scores.append((region(mask, labels == i) + contour(mask, labels == i)) / 2)
    speed = frames / (time.perf_counter() - start)
    return float(np.mean(scores)), speed, f"rendered, {frames} frames"


if __name__ == "__main__":
    sys.exit(main())
