"""A killed run goes on and ends like one that was not; another job starts anew."""

import json

import pytest

from vidmem.batch.jobs import Job
from vidmem.batch.progress import FOLDER
from vidmem.batch.running import run_job
from vidmem.errors import PromptError, SourceError
from vidmem.sources import open_source


def job_of(clip, out, **options):
    options = {"sinks": ("masks", "jsonl"), **options}
    return Job(
        source=str(clip / "images"), out=out, prompts=(f"1:mask={clip / 'mask.png'}",), **options
    )


def masks_of(out):
    return {path.name: path.read_bytes() for path in (out / "masks").iterdir()}


def objects_of(out):
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return [(line["index"], line["objects"], line["kept"]) for line in lines]


def test_a_run_killed_twice_goes_on_and_ends_like_one_that_was_not(clip, run_process, tmp_path):
    assert run_process(tmp_path / "whole") == 0
    assert run_process(tmp_path / "killed", kill=8) == -9
    assert (tmp_path / "killed" / FOLDER).is_dir()
    assert not (tmp_path / "killed" / "masks").exists()
    assert run_process(tmp_path / "killed", kill=19) == -9
    record = json.loads((tmp_path / "killed" / FOLDER / "progress.json").read_text())
    assert record["frames"] == 15
    assert run_process(tmp_path / "killed") == 0
    assert masks_of(tmp_path / "killed") == masks_of(tmp_path / "whole")
    assert len(masks_of(tmp_path / "whole")) == 24
    assert objects_of(tmp_path / "killed") == objects_of(tmp_path / "whole")
    videos = [
        [frame.image for frame in open_source(tmp_path / name / "overlay.mp4")]
        for name in ("whole", "killed")
    ]
    assert len(videos[0]) == len(videos[1]) == 24
    assert all((a == b).all() for a, b in zip(*videos, strict=True))
    assert not (tmp_path / "killed" / FOLDER).exists()
    assert not list((tmp_path / "killed").rglob("*.partial"))


def test_only_what_was_left_is_computed_again(clip, run_process, tmp_path):
    run_process(tmp_path, kill=12)
    seen = []
    job = job_of(clip, tmp_path, sinks=("masks", "jsonl", "overlay"))
    summary = run_job(job, told=lambda result, tally: seen.append(result.frame.index))
    assert seen == list(range(10, 24))
    assert summary["frames"] == 24


def test_another_option_starts_anew(clip, run_process, tmp_path):
    run_process(tmp_path, kill=12)
    seen = []
    run_job(job_of(clip, tmp_path), told=lambda result, tally: seen.append(result.frame.index))
    assert seen == list(range(24))


@pytest.mark.parametrize("damage", ["state", "record"])
def test_damaged_progress_starts_anew(clip, run_process, tmp_path, damage):
    run_process(tmp_path, kill=12)
    pattern = "*.safetensors" if damage == "state" else "progress.json"
    (path,) = (tmp_path / FOLDER).glob(pattern)
    path.write_bytes(path.read_bytes()[:100])
    summary = run_job(job_of(clip, tmp_path, sinks=("masks", "jsonl", "overlay")))
    assert summary["frames"] == 24
    assert len(masks_of(tmp_path)) == 24


def test_the_key_changes_with_content_and_options(clip, tmp_path):
    job = job_of(clip, tmp_path)
    assert job.key() == job_of(clip, tmp_path / "elsewhere").key()
    assert job.key() != job_of(clip, tmp_path, every=2).key()
    mask = tmp_path / "mask.png"
    mask.write_bytes((clip / "mask.png").read_bytes() + b"\0")
    other = Job(source=job.source, out=job.out, prompts=(f"1:mask={mask}",), sinks=job.sinks)
    assert job.key() != other.key()


def test_a_failed_run_leaves_nothing(clip, tmp_path):
    late = Job(source=str(clip / "images"), out=tmp_path / "out", prompts=("1:point=5,5@99",))
    with pytest.raises(PromptError, match="has 24 frames"):
        run_job(late)
    with pytest.raises(SourceError):
        run_job(Job(source=str(tmp_path / "missing.mp4"), out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_without_prompts_objects_are_proposed(clip, tmp_path):
    job = Job(source=str(clip / "images"), out=tmp_path, auto=2, sinks=("masks",))
    ids = []
    run_job(job, told=lambda result, tally: ids.append(result.masks.ids))
    assert ids[0] and ids[0][0] == 1 and len(ids[0]) <= 2
    assert ids[-1] == ids[0]
