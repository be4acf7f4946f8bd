"""Several workers: bad videos and dead processes do not stop the others."""

import csv
import os
import signal

import pytest

from vidmem.batch.jobs import Job
from vidmem.batch.outcomes import failure_of, outcome_of, write_table
from vidmem.batch.pool import run_jobs, slots_of
from vidmem.batch.worker import Worker
from vidmem.errors import SinkError


def job_of(clip, out):
    mask = f"1:mask={clip / 'mask.png'}"
    return Job(source=str(clip / "images"), out=out, prompts=(mask,), sinks=("masks",))


def masks_of(out):
    return {path.name: path.read_bytes() for path in (out / "masks").iterdir()}


def test_bad_ones_fail_by_name_and_the_rest_is_done_and_not_done_again(clip, tmp_path):
    bad = tmp_path / "text.mp4"
    bad.write_text("this is no video")
    jobs = [job_of(clip, tmp_path / "a"), Job(source=str(bad), out=tmp_path / "b"),
            job_of(clip, tmp_path / "c")]  # fmt: skip
    outcomes = dict(run_jobs(jobs, slots=[{"threads": 1}] * 2, told=lambda job, step: None))
    assert [outcomes[n].status for n in range(3)] == ["done", "failed", "done"]
    assert "text.mp4" in outcomes[1].error and "Traceback" not in outcomes[1].error
    assert masks_of(tmp_path / "a") == masks_of(tmp_path / "c")
    again = dict(run_jobs(jobs, slots=[{"threads": 1}], told=lambda job, step: None))
    assert [again[n].status for n in range(3)] == ["already done", "failed", "already done"]


def test_a_killed_worker_is_replaced_and_the_video_finished(clip, tmp_path):
    worker = Worker(threads=1)
    killed = []

    def told(step):
        if not killed:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    try:
        outcome = worker.run(job_of(clip, tmp_path), told)
    finally:
        worker.stop()
    assert killed and outcome.status == "done" and outcome.frames == 24
    assert len(masks_of(tmp_path)) == 24


def test_a_video_that_kills_every_process_fails_alone(clip, tmp_path):
    worker = Worker(threads=1)
    pids = set()

    def told(step):
        pids.add(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)

    try:
        outcome = worker.run(job_of(clip, tmp_path), told)
    finally:
        worker.stop()
    assert outcome.status == "failed" and "died 3 times" in outcome.error
    assert len(pids) == 3


def test_slots_share_the_cores():
    assert len(slots_of(3)) == 3
    assert all(slot["threads"] >= 1 for slot in slots_of(3))
    assert sum(slot["threads"] for slot in slots_of(1)) >= len(slots_of(None))


def test_the_table_keeps_the_order_and_appears_whole(clip, tmp_path):
    job = job_of(clip, tmp_path)
    summary = {"truncated": True, "frames": 3, "seconds": 1.0, "fps": 2.0, "warning": "cut"}
    rows = [failure_of(job, 'a "quoted", reason'), outcome_of(job, summary, again=False)]
    write_table(tmp_path / "summary.csv", rows)
    with (tmp_path / "summary.csv").open() as file:
        read = list(csv.DictReader(file))
    assert [row["status"] for row in read] == ["failed", "truncated"]
    assert read[0]["error"] == 'a "quoted", reason' and not rows[1].succeeded
    with pytest.raises(SinkError):
        write_table(tmp_path / "summary.csv" / "below.csv", rows)
