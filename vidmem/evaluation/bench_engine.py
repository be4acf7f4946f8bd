"""How fast a step is, and whether the process stays as large as it was."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vidmem.engine import Engine
from vidmem.types import Frame, Prompt

WARM_UP = 300
"""Frames after which every pool, ring and library buffer has its size."""


def bench_engine(
    engine: Engine, frames: Sequence[Frame], prompts: Sequence[Prompt], *, steps: int
) -> dict[str, Any]:
    """Run a looped clip for ``steps`` frames.

    Returns:
        ``fps`` (model only), ``milliseconds`` (mean per stage), and resident bytes after 300 frames
        and at the end (``resident_growth_mb`` between them; None where the system does not say).
    """
    stages: dict[str, float] = {}
    early: int | None = None
    for result in engine.run(looped(frames, steps), {0: prompts}):
        for stage, value in result.milliseconds.items():
            stages[stage] = stages.get(stage, 0.0) + value / steps
        if result.frame.index + 1 == min(WARM_UP, steps):
            early = resident_bytes()
    late = resident_bytes()
    growth = None if early is None or late is None else (late - early) / 2**20
    return {
        "frames": steps,
        "size": list(frames[0].size[::-1]),
        "fps": 1000 / sum(stages.values()),
        "milliseconds": stages,
        "memory_mb": engine.memory.bytes / 2**20,
        "resident_mb": None if late is None else late / 2**20,
        "resident_growth_mb": growth,
        "config_hash": engine.config.hash(),
    }


def looped(frames: Sequence[Frame], steps: int) -> Iterator[Frame]:
    """Forwards and backwards for ever, so that motion has no jump."""
    there_and_back = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    for index in range(steps):
        image = frames[there_and_back[index % len(there_and_back)]].image
        yield Frame(image, index, index / 30)


def resident_bytes() -> int | None:
    """Of this process; None where there is no /proc."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return None
    return int(status.read_text().split()[1]) * 4096
