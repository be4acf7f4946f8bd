"""Checkpoints are data, are found by name, and say what they are not. Nothing is downloaded."""

import json
import pickle

import pytest
import torch

from vidmem.cli import main
from vidmem.errors import CheckpointError, ConfigError
from vidmem.weights import WEIGHTS, check, fetch, find, known, read_tensors


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """An empty cache, and no way out."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def saved(path, tensors, wrap="model"):
    torch.save({wrap: tensors} if wrap else tensors, path)
    return path


def sam2_like():
    return {name: torch.zeros(2) for name in WEIGHTS["sam2.1-tiny"].markers}


@pytest.mark.parametrize("wrap", ["model", "state_dict", None])
def test_a_whole_file_gives_its_tensors(tmp_path, wrap):
    path = saved(tmp_path / "a.pt", sam2_like(), wrap)
    assert set(check(path, known("sam2.1-tiny"))) == set(WEIGHTS["sam2.1-tiny"].markers)


def test_another_family_names_itself_and_the_command(tmp_path):
    path = saved(tmp_path / "a.pt", sam2_like())
    with pytest.raises(CheckpointError, match="no weights of sam-hq") as caught:
        check(path, known("sam-hq-vit-b"))
    assert "vidmem weights fetch sam-hq-vit-b" in caught.value.remedy


class Evil:
    def __reduce__(self):
        return (print, ("run!",))


@pytest.mark.parametrize("damage", ["cut", "text", "flip", "code", "missing", "list", "mixed"])
def test_damaged_files_are_told_and_code_is_never_run(tmp_path, capsys, damage):
    path = tmp_path / "a.pt"
    if damage == "cut":
        whole = saved(path, {"a": torch.zeros(1000)}).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "flip":  # one bit among the values: torch itself does not notice
        whole = bytearray(saved(path, {"a": torch.zeros(10_000)}).read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
    elif damage == "text":
        path.write_text("<html>not found</html>")
    elif damage == "code":
        path.write_bytes(pickle.dumps({"model": Evil()}))
    elif damage == "list":
        torch.save([1, 2], path)
    elif damage == "mixed":
        torch.save({"model": {"a": torch.zeros(1), "b": "text"}}, path)
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path, remedy="Fetch it.")
    assert str(path) in caught.value.what and "\n" not in str(caught.value)
    assert "run!" not in capsys.readouterr().out


def test_what_is_not_here_names_the_command():
    with pytest.raises(CheckpointError) as caught:
        find("sam2.1-large")
    assert caught.value.remedy == "Run: vidmem weights fetch sam2.1-large"
    with pytest.raises(ConfigError, match=r"sam2\.1-tiny"):
        find("sam2.1-tony")


def test_a_licence_without_commercial_use_needs_consent():
    with pytest.raises(ConfigError, match="CC-BY-NC") as caught:
        fetch("depth-anything-v2-large")
    assert caught.value.remedy.endswith("--accept-licence")


def test_no_connection_is_told():
    with pytest.raises(CheckpointError, match="cannot be downloaded"):
        fetch("sam2.1-tiny")


def test_a_download_of_something_else_is_refused(tmp_path, monkeypatch):
    import huggingface_hub

    path = saved(tmp_path / "sam2.1_hiera_tiny.pt", {"other": torch.zeros(1)})
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: str(path))
    with pytest.raises(CheckpointError, match=r"no weights of sam2\.1"):
        fetch("sam2.1-tiny")


def test_a_damaged_file_in_the_cache_is_downloaded_again(tmp_path, monkeypatch):
    import huggingface_hub

    path = tmp_path / "sam2.1_hiera_tiny.pt"
    path.write_bytes(b"cut")
    asked = []

    def download(*_, force_download):
        asked.append(force_download)
        return str(saved(path, sam2_like()) if force_download else path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert fetch("sam2.1-tiny") == path and asked == [False, True]
    assert fetch("sam2.1-tiny") == path and asked == [False, True, False]


def test_the_commands(tmp_path, capfd):
    path = saved(tmp_path / "a.pt", sam2_like())
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "check", "sam2.1-tiny", "--file", str(path), "--json", "--quiet"])
    assert stopped.value.code == 0
    assert json.loads(capfd.readouterr().out)["tensors"] == 2
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "list", "--json", "--quiet"])
    assert stopped.value.code == 0
    rows = json.loads(capfd.readouterr().out)["weights"]
    assert [row["name"] for row in rows] == list(WEIGHTS) and rows[0]["here"] is None
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "fetch", "sam2.1-tiny", "--quiet"])
    assert stopped.value.code == 2 and "cannot be downloaded" in capfd.readouterr().err


def test_the_names_are_those_of_the_package():
    from sam2.build_sam import HF_MODEL_ID_TO_FILENAMES

    for weights in WEIGHTS.values():
        if weights.family == "sam2.1":
            assert HF_MODEL_ID_TO_FILENAMES[weights.repository][1] == weights.file
