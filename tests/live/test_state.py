"""State files over families: bit-equal continuation, and nothing damaged or foreign gets in."""

import json
import random
import tracemalloc
from dataclasses import replace

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from vidmem import Prompt, load
from vidmem.errors import CheckpointError
from vidmem.testing import moving_square, truth

SPLITS = 3


@pytest.fixture(scope="module")
def saved(family, video, tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "run.safetensors"
    engine = family.new()
    list(engine.run(video[:7], {0: [Prompt(1, mask=truth(video[0]))]}))
    engine.save(path)
    return path


def splits_are_equal(family, video, prompts, folder, same, splits):
    whole = list(family.new().run(video, prompts))
    for split in splits:
        first = family.new()
        before = {i: p for i, p in prompts.items() if i < split}
        list(first.run(video[:split], before))
        first.save(folder / "s.safetensors")
        after = {i: p for i, p in prompts.items() if i >= split}
        rest = list(family.resume(folder / "s.safetensors").run(video[split:], after))
        for resumed, expected in zip(rest, whole[split:], strict=True):
            same(resumed, expected)


def test_random_splits_are_byte_equal(family, video, prompts, tmp_path, same):
    splits = random.Random(1).sample(range(1, len(video)), SPLITS)
    splits_are_equal(family, video, prompts, tmp_path, same, splits)


@pytest.mark.slow
def test_twenty_random_splits_are_byte_equal(family, prompts, tmp_path, same):
    video = list(moving_square(30))
    splits = random.Random(2).sample(range(1, len(video)), 20)
    splits_are_equal(family, video, prompts, tmp_path, same, splits)


def test_truncated_anywhere_it_is_refused(family, saved, tmp_path):
    data, broken = saved.read_bytes(), tmp_path / "broken.safetensors"
    for keep in random.Random(3).sample(range(len(data)), 12):
        broken.write_bytes(data[:keep])
        with pytest.raises(CheckpointError):
            family.resume(broken)


def test_every_flipped_bit_is_noticed(family, saved, tmp_path):
    data, broken, dice = saved.read_bytes(), tmp_path / "flipped.safetensors", random.Random(4)
    header = int.from_bytes(data[:8], "little") + 8
    places = dice.sample(range(header), 25) + dice.sample(range(header, len(data)), 15)
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << dice.randrange(8)
        broken.write_bytes(flipped)
        with pytest.raises(CheckpointError) as caught:
            family.resume(broken)
        assert caught.value.remedy


def rewritten(saved, path, **changes):
    with safe_open(saved, "pt") as file:
        about = dict(file.metadata())
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(arrays, path, metadata={**about, **changes})
    return path


def test_a_path_in_it_is_never_followed(family, saved, tmp_path):
    with safe_open(saved, "pt") as file:
        config = json.loads(file.metadata()["config"])
    assert config["tracker"]["checkpoint"] == ""
    config["tracker"]["checkpoint"] = "/etc/passwd"
    broken = rewritten(saved, tmp_path / "p.safetensors", config=json.dumps(config))
    with pytest.raises(CheckpointError, match="holds no paths"):
        family.resume(broken)
    for content in ('{"state": "../../etc/passwd"}', '{"state": {"type": "../x", "fields": {}}}'):
        broken = rewritten(saved, tmp_path / "q.safetensors", content=content)
        with pytest.raises(CheckpointError):
            family.resume(broken)


def test_another_version_is_refused(family, saved, tmp_path):
    broken = rewritten(saved, tmp_path / "v.safetensors", format="vidmem-state-0")
    with pytest.raises(CheckpointError, match="vidmem-state-0"):
        family.resume(broken)
    config = json.dumps({"tracker": {"checkpoint": ""}, "unheard_of": 1})
    broken = rewritten(saved, tmp_path / "w.safetensors", config=config)
    with pytest.raises(CheckpointError, match="another version"):
        family.resume(broken)


def test_another_model_is_refused(family, saved, video):
    other = "sam2.1-tiny-hq" if family.config.family == "nano" else "nano"
    with pytest.raises(CheckpointError, match="family"):
        load(other, config=family.config, state=saved, tracker=family.tracker)


def test_pages_of_another_tracker_are_refused_at_the_first_step(family, saved, video):
    engine = family.resume(saved)
    sizes = engine.models.page_shapes

    class Other:
        def __getattr__(self, name):
            return getattr(family.tracker or engine.models.tracker, name)

        def page_shapes(self, features):
            return {kind: replace(s, key=s.key + 1) for kind, s in sizes(features).items()}

        def encode(self, frame, previous):
            return engine.models.tracker.encode(frame, previous)

        def segment(self, features, recall, prompts):
            raise AssertionError("too late")

        def remember(self, stream, features, masks):
            raise AssertionError("too late")

    with pytest.raises(CheckpointError, match="other models"):
        load(state=saved, tracker=Other()).step(video[7])


def test_a_small_broken_file_takes_no_memory(family, tmp_path):
    broken = tmp_path / "b.safetensors"
    broken.write_bytes((2**40).to_bytes(8, "little") + b"{}")
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        family.resume(broken)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
