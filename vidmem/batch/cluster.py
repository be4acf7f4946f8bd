"""Jobs over a Ray cluster: one actor per slot, started again and going on where one dies."""

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vidmem.batch.jobs import Job
from vidmem.batch.outcomes import Outcome, failure_of
from vidmem.batch.worker import ATTEMPTS, attempt
from vidmem.errors import ConfigError

ANSWER_SECONDS = 5.0


class Slot:
    """Runs jobs one after another, on whatever machine Ray puts it."""

    def __init__(self, threads: int) -> None:
        import cv2
        import torch

        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)

    def pid(self) -> int:
        """Of the process that runs it."""
        return os.getpid()

    def run(self, job: Job) -> Outcome:
        """One job to its end."""
        return attempt(job, lambda step: None)


def run_on_ray(
    jobs: Sequence[Job], *, workers: int | None = None, address: str | None = None
) -> Iterator[tuple[int, Outcome]]:
    """Run all on a cluster that is there, or on one that is started here.

    Args:
        jobs: their output folders must be seen by every machine.
        workers: slots; the default is one per GPU, or else one per core.
        address: of the cluster.

    Yields:
        Position of the job and what became of it, as they end.

    Raises:
        ConfigError: Ray is not installed, or the cluster does not answer.
    """
    ray = _connect(address)
    try:
        slots = _slots(ray, workers)
        waiting: dict[Any, tuple[int, int]] = {}
        left = [(number, replace(job, out=job.out.absolute())) for number, job in enumerate(jobs)]
        left.reverse()
        idle = list(range(len(slots)))
        while left or waiting:
            while left and idle:
                number, job = left.pop()
                slot = idle.pop()
                waiting[slots[slot].run.remote(job)] = number, slot
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            number, slot = waiting.pop(done)
            idle.append(slot)
            yield number, _result(ray, done, jobs[number])
    finally:
        ray.shutdown()


def _connect(address: str | None) -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError:
        raise ConfigError(
            "Ray is not installed.", remedy="pip install 'vidmem[ray]', or leave --engine out."
        ) from None
    _check_answers(address)
    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"Ray does not start: {error}.", remedy="Check the cluster, or leave --engine out."
        ) from None
    return ray


def _check_answers(address: str | None) -> None:
    """Ray itself waits for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except OSError as error:
        raise ConfigError(
            f"No Ray cluster answers at {address}: {error.strerror or error}.",
            remedy="Check --address, or leave it out to start one here.",
        ) from None


def _slots(ray: Any, workers: int | None) -> list[Any]:
    cores = int(ray.cluster_resources().get("CPU", 1))
    devices = int(ray.cluster_resources().get("GPU", 0))
    count = workers or devices or cores
    threads = max(1, cores // count)
    actor = ray.remote(Slot).options(
        num_cpus=min(1, cores / count),
        num_gpus=1 if devices else 0,
        max_restarts=-1,
        max_task_retries=ATTEMPTS - 1,
    )
    return [actor.remote(threads) for _ in range(count)]


def _result(ray: Any, done: Any, job: Job) -> Outcome:
    try:
        outcome: Outcome = ray.get(done)
    except ray.exceptions.RayError as error:
        return failure_of(job, f"The process died over this video: {type(error).__name__}.")
    return outcome
