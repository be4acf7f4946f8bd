"""Lists and folders become jobs; what cannot be a job is named."""

import json

import pytest

from vidmem.batch.jobs import Job
from vidmem.batch.listing import read_jobs
from vidmem.errors import ConfigError, SourceError


@pytest.fixture
def defaults(tmp_path):
    return Job(source="", out=tmp_path / "out", sinks=("masks",), every=2)


def write(path, text):
    path.write_text(text)
    return path


CSV = """video,prompts,every,size
a.mp4,"1:box=1,2,30,40;2:point=5,6",1,320x240
sub/a.mp4,,,
"""
YAML = """
- video: a.mp4
  prompts: ["1:box=1,2,30,40", "2:point=5,6"]
  every: 1
  size: [320, 240]
- {video: sub/a.mp4}
"""


@pytest.mark.parametrize("kind", ["csv", "yaml", "jsonl"])
def test_the_same_list_in_three_forms(tmp_path, defaults, kind):
    import yaml

    lines = "\n".join(json.dumps(row) for row in yaml.safe_load(YAML))
    text = {"csv": CSV, "yaml": YAML, "jsonl": lines}[kind]
    first, second = read_jobs(write(tmp_path / f"list.{kind}", text), tmp_path / "out", defaults)
    assert first.source == str(tmp_path / "a.mp4")
    assert first.prompts == ("1:box=1,2,30,40", "2:point=5,6")
    assert (first.every, first.size, first.sinks) == (1, (320, 240), ("masks",))
    assert second.every == 2 and second.prompts == ()
    assert [first.out.name, second.out.name] == ["a", "a-2"]


def test_a_row_may_change_the_configuration(tmp_path, defaults):
    row = {"video": "a.mp4", "config": {"memory": {"policy": "fifo"}}, "out": "mine"}
    (job,) = read_jobs(write(tmp_path / "list.jsonl", json.dumps(row)), tmp_path / "out", defaults)
    assert job.config.memory.policy == "fifo" and job.out == tmp_path / "out" / "mine"


def test_a_folder_with_prompts_beside_the_videos(tmp_path, defaults):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "b.MOV", "b.png", "c.mkv", "c.json", "notes.txt", ".hidden"):
        write(folder / name, "")
    write(folder / "a.txt", "1:box=1,2,30,40\n\n2:point=5,6\n")
    jobs = {job.out.name: job for job in read_jobs(folder, tmp_path / "out", defaults)}
    assert set(jobs) == {"a", "b", "c", "notes"}, "a lone text file fails by name"
    assert jobs["a"].prompts == ("1:box=1,2,30,40", "2:point=5,6")
    assert jobs["b"].masks == folder / "b.png" and jobs["c"].masks == folder / "c.json"


@pytest.mark.parametrize("level", [".", "480p"])
def test_a_davis_tree_with_first_masks(tmp_path, defaults, level):
    for name in ("bear", "cows"):
        (tmp_path / "JPEGImages" / level / name).mkdir(parents=True)
        (tmp_path / "Annotations" / level / name).mkdir(parents=True)
        for index in range(2):
            write(tmp_path / "Annotations" / level / name / f"{index:05d}.png", "")
    bear, cows = read_jobs(tmp_path, tmp_path / "out", defaults)
    assert bear.source.endswith("bear") and cows.out.name == "cows"
    assert bear.masks is not None and bear.masks.name == "00000.png"


def test_no_video_takes_the_folder_of_another_or_the_place_of_the_table(tmp_path, defaults):
    write(tmp_path / "list.csv", "video,out\na/x.mp4,\nb/x.mp4,\nc.mp4,summary.csv\nd.mp4,x\n")
    jobs = read_jobs(tmp_path / "list.csv", tmp_path / "out", defaults)
    assert [job.out.name for job in jobs] == ["x", "x-2", "summary.csv-2", "x-3"]


@pytest.mark.parametrize(
    ("name", "text", "error", "words"),
    [
        ("list.csv", "video,promts\na.mp4,x\n", ConfigError, "promts"),
        ("list.csv", "prompts\nx\n", ConfigError, "no video"),
        ("list.jsonl", "{broken", SourceError, "cannot be read"),
        ("list.yaml", "just text", SourceError, "no list"),
        ("list.csv", "video,every\na.mp4,often\n", ConfigError, "a.mp4"),
        ("list.csv", "video\n", SourceError, "no videos"),
        ("list.doc", "x", SourceError, ".csv"),
        ("list.csv", None, SourceError, "No such file"),
        ("list.csv", "video,out\na.mp4,../b\n", ConfigError, "leads out of --out"),
        ("list.csv", "video,out\na.mp4,/b\n", ConfigError, "leads out of --out"),
    ],
)
def test_bad_lists_say_what_is_wrong(tmp_path, defaults, name, text, error, words):
    path = tmp_path / name
    if text is not None:
        write(path, text)
    with pytest.raises(error, match=words):
        read_jobs(path, tmp_path / "out", defaults)
