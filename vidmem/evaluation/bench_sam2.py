"""SAM 2.1 here against the package's own video predictor, and how large the process stays."""

import ctypes
import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from vidmem.config import Config, DepthConfig, RefineConfig, config_of
from vidmem.engine import Engine, load
from vidmem.evaluation.bench_engine import looped, resident_bytes
from vidmem.evaluation.sam2_official import build_official, follow, write_frames
from vidmem.models.sam2 import build_network, make_tracker
from vidmem.types import Frame, Prompt

WARM_UP = 8
"""Frames until every recent page is there."""
EARLY = 50
"""Frames after which the process should have its size."""


def bench_speed(
    size: str, video: Sequence[Frame], *, image_size: int, objects: int, policy: Any = "fifo"
) -> dict[str, Any]:
    """Seconds per frame of both, frame by frame in turn, with the same random weights.

    Args:
        size: of the network.
        video: small pictures, 96 wide.
        image_size: side of the network's input.
        objects: to follow.
        policy: of the memory.

    Returns:
        ``ratio``: the package's median seconds by ours; above 1 ours is faster.
    """
    config = _config(size, image_size, policy=policy, objects=objects)
    engine, network = _engine(size, config)
    official = build_official(size, image_size=image_size, weights=network.state_dict())
    frames = len(video)
    prompts = {0: _boxes(objects)}
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        write_frames(video, Path(folder))
        turns = follow(official, official.init_state(folder), prompts, frames=frames)
        answers = engine.run(video, prompts)
        for index in range(frames):
            taken = [_seconds(turns), _seconds(answers)]
            if index >= WARM_UP:
                theirs.append(taken[0])
                ours.append(taken[1])
    return {
        "size": size,
        "image_size": image_size,
        "objects": objects,
        "frames": frames - WARM_UP,
        "policy": policy,
        "official_seconds": median(theirs),
        "our_seconds": median(ours),
        "ratio": median(theirs) / median(ours),
    }


def bench_growth(
    size: str, video: Sequence[Frame], *, image_size: int, frames: int, policy: Any = "smart"
) -> dict[str, Any]:
    """Resident bytes of this process after 50 frames and at the end.

    Snapshots are taken every 5 frames, so that all of them are there after 50; what the allocator
    keeps for later is given back before each look.
    """
    config = _config(size, image_size, policy=policy, objects=1)
    config = replace(config, memory=replace(config.memory, snapshot_every=5))
    engine, _ = _engine(size, config)
    early = late = None
    for result in engine.run(looped(video, frames), {0: _boxes(1)}):
        if result.frame.index + 1 == EARLY:
            early = _held()
    late = _held()
    growth = None if early is None or late is None else (late - early) / (frames - EARLY)
    return {
        "size": size,
        "image_size": image_size,
        "frames": frames,
        "policy": policy,
        "resident_mb_at_50": early and early / 2**20,
        "resident_mb_at_end": late and late / 2**20,
        "growth_bytes_per_frame": growth,
        "memory_mb": engine.memory.bytes / 2**20,
    }


def _config(size: str, image_size: int, *, policy: Any, objects: int) -> Config:
    config = config_of(f"sam2.1-{size}-hq")
    return replace(
        config,
        depth=DepthConfig(enabled=False),
        refine=RefineConfig(),
        memory=replace(config.memory, policy=policy, objects=max(objects, 1)),
        tracker=replace(config.tracker, image_size=image_size),
    )


def _engine(size: str, config: Config) -> tuple[Engine, Any]:
    """With seeded weights that believe objects can be seen: random ones answer nothing."""
    torch.manual_seed(0)
    network = build_network(size, image_size=config.tracker.image_size)
    network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 5
    return load(config=config, tracker=make_tracker(network, config)), network


def _boxes(objects: int) -> Sequence[Prompt]:
    """Side by side over the small test picture."""
    lefts = [(2 + 5 * i) % 70 for i in range(objects)]
    return [Prompt(i, box=(left, 10, left + 20, 40)) for i, left in enumerate(lefts, start=1)]


def _seconds(turns: Iterator[Any]) -> float:
    start = time.perf_counter()
    next(turns)
    return time.perf_counter() - start


def _held() -> int | None:
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # not glibc
        return resident_bytes()
    return resident_bytes()
