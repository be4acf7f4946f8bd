"""One process that runs jobs one after another: what kills it kills no other video."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from vidmem.batch.jobs import Job
from vidmem.batch.outcomes import Outcome, failure_of, outcome_of
from vidmem.batch.progress import read_summary
from vidmem.batch.remote import remote_summary, upload
from vidmem.batch.running import Tally, Told, run_job
from vidmem.errors import VidmemError
from vidmem.types import Result

TELL_SECONDS = 0.25
ATTEMPTS = 3
"""Processes that may die over one video; every next one goes on from the last state."""
JOIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """How far a running job is."""

    frames: int
    total: int | None
    fps: float


def attempt(job: Job, told: Callable[[Step], None]) -> Outcome:
    """Run one job, whatever happens to it; a finished one is not run again."""
    last = 0.0

    def tell(_: Result, tally: Tally) -> None:
        nonlocal last
        if time.monotonic() - last > TELL_SECONDS:
            last = time.monotonic()
            told(Step(tally.frames, tally.total, tally.frames_per_second))

    try:
        key = job.key()
        if job.remote is not None:
            return _attempt_remote(job, job.remote, key, tell)
        summary = read_summary(job.out, key)
        if summary is not None:
            return outcome_of(job, summary, again=True)
        return outcome_of(job, run_job(job, told=tell), again=False)
    except VidmemError as error:
        return failure_of(job, str(error))
    except Exception as error:  # one bad video never stops the rest
        return failure_of(job, f"{type(error).__name__}: {error}")


def _attempt_remote(job: Job, address: str, key: str, told: Told) -> Outcome:
    summary = remote_summary(address, key)
    if summary is not None:
        return outcome_of(job, summary, again=True)
    summary = read_summary(job.out, key) or run_job(job, told=told)
    upload(job.out, address)
    return outcome_of(job, summary, again=False)


class Worker:
    """A process for one slot; made again when it dies.

    Args:
        threads: for torch and OpenCV in it.
        device: the number of its GPU, None for none.
    """

    def __init__(self, *, threads: int, device: int | None = None) -> None:
        self._arguments = (threads, device)
        self._process: Any = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        return self._process.pid if self._process is not None else None

    def run(self, job: Job, told: Callable[[Step], None]) -> Outcome:
        """Wait for one job."""
        for _ in range(ATTEMPTS):
            connection = self._connected()
            try:
                connection.send(job)
                while isinstance(message := connection.recv(), Step):
                    told(message)
                return message  # type: ignore[no-any-return]
            except (EOFError, OSError):
                self.stop()
        return failure_of(job, f"The process died {ATTEMPTS} times over this video.")

    def stop(self) -> None:
        """End the process; what it was at can be gone on with."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(JOIN_SECONDS)
            self._process.kill()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            context = get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, *self._arguments), daemon=True
            )
            self._process.start()
            theirs.close()
        return self._connection


def _serve(connection: Connection, threads: int, device: int | None) -> None:
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(device)
    import cv2
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    while True:
        try:
            job = connection.recv()
            connection.send(attempt(job, connection.send))
        except (EOFError, OSError, KeyboardInterrupt):  # the parent is gone or wants no more
            return
