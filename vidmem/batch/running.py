"""One job from its first frame to its last, or from where it was killed."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from vidmem.batch.jobs import Job
from vidmem.batch.progress import (
    FOLDER,
    Progress,
    forget_progress,
    read_progress,
    save_progress,
)
from vidmem.engine import Engine, load
from vidmem.errors import CheckpointError, PromptError, TruncatedError
from vidmem.heads.proposals import propose_objects
from vidmem.protocols import Source
from vidmem.sinks import open_sinks
from vidmem.sinks.group import SinkGroup
from vidmem.sinks.places import write_whole
from vidmem.sources import open_source
from vidmem.sources.cameras import CameraFiles, WithCamera
from vidmem.types import Frame, Prompt, Result

Told = Callable[[Result, "Tally"], None]


@dataclass(slots=True)
class Tally:
    """What a run adds up to."""

    total: int | None
    """Frames of the source, where they are known."""
    frames: int = 0
    model_seconds: float = 0.0
    seconds: float = 0.0
    """Of earlier parts of a run that was killed."""
    begin: float = 0.0
    last: Result | None = None

    def add(self, result: Result) -> None:
        """Count one frame."""
        self.frames += 1
        self.model_seconds += sum(result.milliseconds.values()) / 1000
        self.last = result

    @property
    def frames_per_second(self) -> float:
        """Of the model alone, without decoding and encoding."""
        return self.frames / max(1e-9, self.model_seconds)

    @property
    def elapsed_seconds(self) -> float:
        """With files, over all parts."""
        return self.seconds + time.perf_counter() - self.begin


def run_job(job: Job, *, told: Told | None = None) -> dict[str, Any]:
    """Run a video and write its results; go on where the same job was killed.

    Args:
        job: what to run.
        told: called after every frame.

    Returns:
        The summary, as in ``summary.json``; ``truncated`` where the video ended early.

    Raises:
        VidmemError: the job cannot be run; nothing half-written stays behind.
        KeyboardInterrupt: as it came; the run can go on from its last state.
    """
    key = job.key()
    prompts = job.read_prompts()
    if job.auto and not prompts:
        prompts = {0: propose(job)}
    progress = read_progress(job.out, key) if job.can_resume else None
    engine, progress = _engine_for(job, progress)
    with closing(_open(job)) as source:
        _check_reach(prompts, source)
        sink = open_sinks(
            job.sinks,
            job.out,
            frames_per_second=source.frames_per_second,
            resume=progress.sinks if progress else None,
        )
        tally = Tally(source.frame_count, begin=time.perf_counter())
        if progress is not None:
            tally.frames, tally.seconds = progress.frames, progress.seconds
            tally.model_seconds = progress.model_seconds
        run = _Run(job, key, engine, sink, tally)
        try:
            truncated = run.all(source, prompts, told)
            # A kill while the results get their names starts the run anew.
            forget_progress(job.out)
            sink.close()
        except KeyboardInterrupt:
            if not (job.out / FOLDER).is_dir():
                sink.abort()
            raise
        except BaseException:
            sink.abort()
            forget_progress(job.out)
            raise
    summary = _summary(job, key, engine, tally, truncated)
    write_whole(job.out / "summary.json", json.dumps(summary, indent=2) + "\n")
    return summary


def propose(job: Job) -> list[Prompt]:
    """The likeliest objects of the first frame, as masks, numbered from 1.

    Raises:
        SourceError: the video cannot be read.
    """
    with closing(_open(job)) as source:
        first = next(iter(source))
    free = np.ones(first.size, bool)
    prompts: list[Prompt] = []
    for proposal in propose_objects(first.image, most=job.auto):
        mask = proposal.mask & free
        if mask.any():
            free &= ~mask
            prompts.append(Prompt(len(prompts) + 1, mask=mask))
    return prompts


class _Run:
    def __init__(self, job: Job, key: str, engine: Engine, sink: SinkGroup, tally: Tally) -> None:
        self._job, self._key, self._engine = job, key, engine
        self._sink, self._tally = sink, tally

    def all(
        self, source: Source, prompts: Mapping[int, list[Prompt]], told: Told | None
    ) -> str | None:
        """Every frame that is left; the reason where the source ended before its end."""
        done = self._tally.frames
        frames: Iterator[Frame] = islice(iter(source), done, None)
        left = {index: given for index, given in prompts.items() if index >= done}
        try:
            for result in self._engine.run(self._counted(frames), left):
                self._sink.write(result)
                self._tally.add(result)
                if told is not None:
                    told(result, self._tally)
        except TruncatedError as error:
            return str(error)
        return None

    def _counted(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Saves between two frames, when all before are written."""
        for frame in frames:
            done = self._tally.frames
            if done and done % self._job.save_every == 0 and self._job.can_resume:
                self._save()
            yield frame

    def _save(self) -> None:
        tally = self._tally
        progress = Progress(
            key=self._key,
            frames=tally.frames,
            state=f"{tally.frames:08d}.safetensors",
            sinks=self._sink.checkpoint(),
            model_seconds=tally.model_seconds,
            seconds=tally.elapsed_seconds,
        )
        save_progress(self._job.out, progress, self._engine)


def _engine_for(job: Job, progress: Progress | None) -> tuple[Engine, Progress | None]:
    """With the saved state, or a fresh one where that is not usable."""
    if progress is not None:
        state = job.out / FOLDER / progress.state
        try:
            return load(config=job.config, state=state), progress
        except CheckpointError:
            forget_progress(job.out)
    return load(config=job.config), None


def _open(job: Job) -> Source:
    source = open_source(job.source, every=job.every, size=job.size, start=job.start, end=job.end)
    return source if job.camera == CameraFiles() else WithCamera(source, job.camera)


def _check_reach(prompts: Mapping[int, list[Prompt]], source: Source) -> None:
    """Refuse prompts beyond the end, where the end is known, before anything is computed."""
    last = max(prompts, default=0)
    if source.frame_count is not None and last >= source.frame_count:
        raise PromptError(
            f"A prompt is for frame {last}, but the video has {source.frame_count} frames.",
            remedy="Count frames from 0.",
        )


def _summary(
    job: Job, key: str, engine: Engine, tally: Tally, truncated: str | None
) -> dict[str, Any]:
    objects = tally.last.objects if tally.last else ()
    return {
        "frames": tally.frames,
        "seconds": round(tally.elapsed_seconds, 3),
        "fps": round(tally.frames_per_second, 2),
        "memory_bytes": engine.memory.bytes,
        "objects": [asdict(state) for state in objects],
        "config_hash": engine.config.hash(),
        "truncated": truncated is not None,
        "warning": truncated,
        "sinks": list(job.sinks),
        "source": job.source,
        "key": key,
    }
