"""Downloads are what vidmem run writes; the command line says so."""

import shlex
import zipfile

import av
import pytest


def test_files_open_and_the_command_says_all(session):
    from vidmem_demo.downloads import KINDS, STATE, command_line, write_downloads

    session.start()
    session.work._thread.join(60)
    files = {path.name: path for path in write_downloads(session, [*KINDS, STATE])}
    assert set(files) == {
        "overlay.mp4", "masks.zip", "cutout.mov", "coco.json", "depth.zip", "results.jsonl",
        "state.safetensors",
    }  # fmt: skip
    with av.open(str(files["overlay.mp4"])) as video:
        assert sum(1 for _ in video.decode(video=0)) == 24
    with zipfile.ZipFile(files["masks.zip"]) as archive:
        assert sum(name.endswith(".png") for name in archive.namelist()) == 24
    words = shlex.split(command_line(session).replace("\\\n", " "))
    assert words[:3] == ["vidmem", "run", "small.mp4"]
    assert sum(word == "--prompt" for word in words) == 2


def test_the_command_runs_and_gives_the_same_masks(session, example, tmp_path, monkeypatch):
    from vidmem_demo.downloads import command_line, write_downloads

    from vidmem.cli import main

    session.start()
    session.work._thread.join(60)
    archive = next(iter(write_downloads(session, ["Masks (png)"])))
    with zipfile.ZipFile(archive) as stored:
        stored.extractall(tmp_path / "page")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.mp4").symlink_to(example[0])
    words = shlex.split(command_line(session).replace("\\\n", " "))[1:]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--quiet"])
    assert ended.value.code == 0
    for index in (0, 11, 23):
        name = f"masks/{index:05d}.png"
        assert (tmp_path / "page" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_removal_is_told_with_the_command(session):
    from vidmem_demo.downloads import command_line

    session.start()
    session.work._thread.join(60)
    session.choose(2)
    session.rename("car\nrm -rf")
    session.remove_object()
    *_, last = command_line(session).splitlines()
    assert last == "# not the same: car rm -rf was removed at frame 24"


def test_nothing_to_download(session):
    from vidmem_demo.downloads import NothingYet, write_downloads

    with pytest.raises(NothingYet):
        write_downloads(session, ["Overlay (mp4)"])
