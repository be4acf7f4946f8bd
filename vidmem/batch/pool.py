"""Jobs over several workers."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

from vidmem.batch.jobs import Job
from vidmem.batch.outcomes import Outcome
from vidmem.batch.worker import Step, Worker

Told = Callable[[Job, Step], None]
POLL_SECONDS = 0.2


def slots_here() -> list[dict[str, Any]]:
    """One worker per GPU, or one per core: arguments of ``Worker``."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    devices = torch.cuda.device_count()
    if devices:
        threads = max(1, (cores or 1) // devices)
        return [{"threads": threads, "device": number} for number in range(devices)]
    return [{"threads": 1} for _ in range(cores or 1)]


def slots_of(workers: int | None) -> list[dict[str, Any]]:
    """``workers`` slots that share the cores, or as many as the machine has."""
    here = slots_here()
    if workers is None:
        return here
    threads = max(1, sum(slot["threads"] for slot in here) // workers)
    return [{**here[number % len(here)], "threads": threads} for number in range(workers)]


def run_jobs(
    jobs: Sequence[Job], *, slots: Sequence[dict[str, Any]], told: Told
) -> Iterator[tuple[int, Outcome]]:
    """Run all, several at once.

    Args:
        jobs: what to run.
        slots: one worker each, with its arguments.
        told: called from other threads while jobs run.

    Yields:
        Position of the job and what became of it, as they end.

    Raises:
        KeyboardInterrupt: as it came; the workers are stopped and can be gone on with.
    """
    free: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker(**slot) for slot in slots]
    for worker in workers:
        free.put(worker)

    def run(job: Job) -> Outcome:
        worker = free.get()
        try:
            return worker.run(job, lambda step: told(job, step))
        finally:
            free.put(worker)

    pool = ThreadPoolExecutor(len(workers), thread_name_prefix="vidmem-slot")
    waiting = {pool.submit(run, job): number for number, job in enumerate(jobs)}
    try:
        while waiting:
            done, _ = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    finally:
        for future in waiting:
            future.cancel()
        for worker in workers:
            worker.stop()
        pool.shutdown(wait=False, cancel_futures=True)
