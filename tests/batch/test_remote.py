"""Results arrive whole at an address, or claim nothing."""

import json
import shutil

import pytest
from fsspec.implementations.local import LocalFileSystem

from vidmem.batch import worker
from vidmem.batch.jobs import Job
from vidmem.batch.remote import SUMMARY, check_remote, remote_summary
from vidmem.batch.running import run_job
from vidmem.errors import ConfigError


@pytest.fixture
def job(clip, tmp_path):
    mask = f"1:mask={clip / 'mask.png'}"
    return Job(
        source=str(clip / "images"),
        out=tmp_path / "here" / "square",
        remote=f"file://{tmp_path / 'there' / 'square'}",
        prompts=(mask,),
        sinks=("masks",),
    )


def attempt(job):
    return worker.attempt(job, lambda step: None)


def test_everything_arrives_and_is_not_done_again(job, tmp_path):
    run_job(Job(source=job.source, out=tmp_path / "plain", prompts=job.prompts, sinks=job.sinks))
    there = tmp_path / "there" / "square"
    there.mkdir(parents=True)
    (there / SUMMARY).write_text('{"key": "of another run"}')
    (there / "old.png").write_bytes(b"of another run")
    outcome = attempt(job)
    assert outcome.status == "done" and outcome.out == job.remote
    names = {path.name for path in (tmp_path / "plain" / "masks").iterdir()}
    assert {path.name for path in there.iterdir()} == {"masks", SUMMARY}
    for name in names:
        plain = (tmp_path / "plain" / "masks" / name).read_bytes()
        assert (there / "masks" / name).read_bytes() == plain
    assert not job.out.exists(), "nothing stays here"
    assert attempt(job).status == "already done" and not job.out.exists()


def test_an_interrupted_copy_claims_nothing_and_is_copied_again(job, tmp_path, monkeypatch):
    copied = []

    def put_file(self, here, there, **options):
        if len(copied) == 3:
            raise OSError("the network is gone")
        copied.append(there)
        shutil.copy(here, there)

    with monkeypatch.context() as patched:
        patched.setattr(LocalFileSystem, "put_file", put_file)
        outcome = attempt(job)
    assert outcome.status == "failed" and "the network is gone" in outcome.error
    key = job.key()
    assert len(copied) == 3 and remote_summary(job.remote, key) is None
    monkeypatch.setattr(worker, "run_job", None)  # what was computed is kept
    assert attempt(job).status == "done"
    told = json.loads((tmp_path / "there" / "square" / SUMMARY).read_text())
    assert told["key"] == key and remote_summary(job.remote, "another") is None


def test_an_address_that_nothing_can_write_to_is_told():
    with pytest.raises(ConfigError, match="nowhere://x cannot be written"):
        check_remote("nowhere://x")
