"""What reading and writing files costs beside the model."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from vidmem.engine import Engine
from vidmem.sinks import open_sinks
from vidmem.sources import open_source
from vidmem.types import Frame, Prompt


def bench_files(
    make_engine: Callable[[], Engine],
    clip: Path,
    prompts: Sequence[Prompt],
    *,
    sinks: Sequence[str],
    frames: int,
    rounds: int,
) -> dict[str, Any]:
    """The same frames from memory to nowhere, and from a file to ``sinks``, in turns.

    Args:
        make_engine: a fresh engine for every pass.
        clip: a video file.
        prompts: for its first frame.
        sinks: names, as for ``open_sinks``.
        frames: how many of its frames.
        rounds: passes of each kind; the median is reported.

    Returns:
        ``plain_ms`` and ``files_ms`` per frame, ``cost``: the share that files add; and the same of
        the time that all cores spend, ``plain_cpu_ms``, ``files_cpu_ms`` and ``cpu_cost``, which
        says less of what a user waits for and does not change with what else the machine does.
    """
    with closing(open_source(clip)) as source:
        pictures = list(islice(source, frames))
    plain, files = [], []
    for _ in range(rounds):
        plain.append(_plain(make_engine(), pictures, prompts))
        files.append(_with_files(make_engine(), clip, prompts, sinks, len(pictures)))
    count = len(pictures)
    return {
        "frames": count,
        "size": list(pictures[0].size[::-1]),
        "sinks": list(sinks),
        **_compared("", [wall for wall, _ in plain], [wall for wall, _ in files], count),
        **_compared("cpu_", [cpu for _, cpu in plain], [cpu for _, cpu in files], count),
    }


def _compared(
    kind: str, plain: Sequence[float], files: Sequence[float], count: int
) -> dict[str, float]:
    plain_ms, files_ms = (1000 * median(times) / count for times in (plain, files))
    return {
        f"plain_{kind}ms": plain_ms,
        f"files_{kind}ms": files_ms,
        f"{kind}cost": files_ms / plain_ms - 1,
    }


def _plain(
    engine: Engine, pictures: Sequence[Frame], prompts: Sequence[Prompt]
) -> tuple[float, float]:
    begin = _clocks()
    for _ in engine.run(pictures, {0: prompts}):
        pass
    return _since(begin)


def _with_files(
    engine: Engine, clip: Path, prompts: Sequence[Prompt], sinks: Sequence[str], count: int
) -> tuple[float, float]:
    begin = _clocks()
    with tempfile.TemporaryDirectory() as out, closing(open_source(clip)) as source:
        sink = open_sinks(sinks, out, frames_per_second=source.frames_per_second)
        for result in engine.run(islice(source, count), {0: prompts}):
            sink.write(result)
        sink.close()
        return _since(begin)


def _clocks() -> tuple[float, float]:
    """Seconds on the wall, and of all cores for this process."""
    return time.perf_counter(), time.process_time()


def _since(begin: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = _clocks()
    return wall - begin[0], cpu - begin[1]
