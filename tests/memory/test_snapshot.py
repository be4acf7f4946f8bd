"""State files: a run goes on as if it had never stopped; damaged or foreign files are refused."""

import dataclasses

import numpy as np
import pytest

from vidmem import Config, Prompt, load
from vidmem.errors import CheckpointError, SinkError, VidmemError
from vidmem.testing import moving_square, truth


@pytest.fixture(scope="module")
def video():
    return list(moving_square(16))


@pytest.fixture(scope="module")
def state(video, tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "run.safetensors"
    engine = load("nano")
    list(engine.run(video[:7], {0: [Prompt(1, mask=truth(video[0]))]}))
    engine.save(path)
    return path


@pytest.mark.parametrize("split", [1, 6, 11])
def test_a_split_run_equals_the_whole_byte_for_byte(video, tmp_path, split):
    prompts = {0: [Prompt(1, mask=truth(video[0]))]}
    whole = list(load("nano").run(video, prompts))
    first = load("nano")
    list(first.run(video[:split], prompts))
    first.save(tmp_path / "s.safetensors")
    rest = list(load(state=tmp_path / "s.safetensors").run(video[split:]))
    for resumed, expected in zip(rest, whole[split:], strict=True):
        assert np.array_equal(resumed.masks.labels, expected.masks.labels)
        assert resumed.masks.logits.equal(expected.masks.logits)
        assert resumed.kept == expected.kept
        assert (resumed.depth is None) == (expected.depth is None)
        if resumed.depth is not None:
            assert resumed.depth.inverse.tobytes() == expected.depth.inverse.tobytes()


def test_it_remembers_names_and_the_log(state):
    engine = load(state=state)
    assert engine.memory.objects[1].name == "object 1"
    assert engine.memory.log[0].reason == "prompted"


def test_other_settings_are_refused_by_name(state):
    config = Config()
    other = dataclasses.replace(config, memory=dataclasses.replace(config.memory, stride=7))
    with pytest.raises(CheckpointError, match=r"other settings: memory\.stride"):
        load(state=state, config=other)
    threads = dataclasses.replace(config.runtime, threads=1)
    load(state=state, config=dataclasses.replace(config, runtime=threads))


@pytest.mark.parametrize("keep", [0, 4, 200, -40])
def test_a_truncated_file_is_refused(state, tmp_path, keep):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(state.read_bytes()[:keep])
    with pytest.raises(CheckpointError) as caught:
        load(state=broken)
    assert caught.value.remedy


def test_a_flipped_header_is_refused(state, tmp_path):
    data = bytearray(state.read_bytes())
    for position in range(8, 4000, 97):
        flipped = data.copy()
        flipped[position] ^= 0x11
        broken = tmp_path / "flipped.safetensors"
        broken.write_bytes(flipped)
        try:
            load(state=broken)
        except VidmemError:
            continue


def test_a_missing_file_and_a_missing_folder_are_told(tmp_path):
    with pytest.raises(CheckpointError, match="no readable state"):
        load(state=tmp_path / "none.safetensors")
    with pytest.raises(SinkError, match="cannot be written"):
        load("nano").save(tmp_path / "none" / "s.safetensors")
    assert not list(tmp_path.rglob("*.partial"))
