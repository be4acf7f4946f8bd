"""The memory as a whole: what goes in comes out, snapshots bring it back, bytes stay."""

import numpy as np
import pytest
import torch

from vidmem.config import MemoryConfig
from vidmem.errors import ObjectError
from vidmem.memory import Memory, Step
from vidmem.types import (
    Card,
    Features,
    Masks,
    ObjectMemory,
    PageShape,
    Previous,
    Stream,
    StreamCard,
    Tier,
    Tokens,
)

SHAPE = PageShape(tokens=2, groups=1, key=4, value=1)


def step(index, ids=(1,), *, prompted=False, keyframe=None, attention=None):
    """A step in which every object is seen well."""
    seen = StreamCard(1.0, 1.0, 0.1, prompted=prompted or index == 0)
    card = Card(index, index / 30, 1.0, 4.0 * index, 0, {Stream("object", i): seen for i in ids})
    image = np.zeros((4, 4, 3), np.uint8)
    masks = Masks(ids, torch.zeros(len(ids), 4, 4), (1.0,) * len(ids), (1.0,) * len(ids),
                  (False,) * len(ids), {})  # fmt: skip
    previous = Previous(index, index / 30, Features(image, image[..., 0], None), masks, None)
    objects = {
        i: ObjectMemory(i, f"object {i}", 0, index, index / 30, 1.0, (0.1,), {}) for i in ids
    }
    return Step(card, previous, objects, attention or {}, image, keyframe or {})


def build(index):
    """Tokens that carry the frame's number, each frame unlike the others."""
    descriptor = np.eye(64, dtype=np.float32)[index % 64]
    return lambda streams: {
        stream: Tokens(
            torch.full((2, 1, 4), float(index)),
            torch.full((2, 1, 1), float(stream.object_id)),
            descriptor,
        )
        for stream in streams
    }


def filled(frames, ids=(1,), **knobs):
    memory = Memory(MemoryConfig(budget_mb=8, **knobs))
    memory.open({"object": SHAPE})
    for index in range(frames):
        memory.write(step(index, ids), build(index))
    return memory


def test_pages_come_back_oldest_first_with_ages_and_tiers():
    recall = filled(16).read(16)
    view = recall.views["object"]
    assert view.streams == (Stream("object", 1),)
    assert view.ages == ((16, 11, 6, 1),)
    assert view.tiers[0][0] is Tier.PINNED and set(view.tiers[0][1:]) == {Tier.RECENT}
    keys = view.pages.keys[view.pages.table[0]]
    assert keys[:, 0, 0, 0].tolist() == [0.0, 5.0, 10.0, 15.0]


def test_an_object_without_pages_has_an_empty_row():
    memory = filled(1, ids=(1,))
    memory.write(step(1, (1, 2)), build(1))
    view = memory.read(2).views["object"]
    assert view.pages.table.shape == (2, 1)
    memory.remove(1)
    assert memory.read(3).views["object"].streams == (Stream("object", 2),)


def test_the_number_of_pages_and_bytes_stops_growing():
    memory = filled(300)
    at_300 = memory.bytes
    for index in range(300, 900):
        memory.write(step(index), build(index))
    assert memory.bytes == at_300
    assert len(memory.read(900).views["object"].tiers[0]) <= 1 + 3 + 6


def test_a_snapshot_brings_back_pages_that_were_evicted_since():
    memory = filled(40)
    memory.snapshot()
    before = memory.read(40).views["object"]
    expected = before.pages.keys[before.pages.table[0]].clone()
    for index in range(40, 400):
        memory.write(step(index), build(index))
    assert memory.restore(200) == 40
    after = memory.read(40).views["object"]
    assert torch.equal(after.pages.keys[after.pages.table[0]], expected)


def test_snapshots_newer_than_the_frame_are_forgotten():
    memory = filled(10)
    memory.snapshot()
    memory.write(step(10), build(10))
    memory.snapshot()
    assert memory.restore(10) == 10
    with pytest.raises(ObjectError, match="before frame 3"):
        memory.restore(3)


def test_a_full_pool_gives_up_snapshots_before_objects():
    memory = filled(3, objects=1, snapshots=3, recent=1, long_term=1, corrections=1, stride=1)
    for index in range(3, 60):
        memory.snapshot()
        memory.write(step(index), build(index))
    assert memory.read(60).views["object"].ages[0][-1] == 1


def test_removing_frees_pages_and_an_unknown_object_is_named():
    memory = filled(20, ids=(1, 2))
    memory.remove(2)
    assert set(memory.objects) == {1}
    assert all(s.object_id != 2 for k in memory.keyframes for s in k.pages)
    with pytest.raises(ObjectError, match="no object 2; the objects are: 1"):
        memory.remove(2)


def test_one_object_too_many_is_refused_before_anything_changes():
    memory = filled(1, ids=(1, 2), objects=2)
    memory.check_room([2])
    with pytest.raises(ObjectError, match="room for 2"):
        memory.check_room([3])


def test_attention_makes_a_page_relevant():
    memory = filled(11)
    masses = {Stream("object", 1): (0.1, 0.2, 0.7)}
    for index in range(11, 14):
        memory.write(step(index, attention=masses), build(index))
    relevance = [k.pages[Stream("object", 1)].relevance for k in memory.keyframes]
    assert relevance[2] > relevance[1] > relevance[0] > 0


def test_scene_keyframes_carry_their_state_and_stay_few():
    memory = Memory(MemoryConfig(keyframes=6))
    memory.open({"object": SHAPE})
    for index in range(200):
        memory.write(step(index, keyframe={"grey": torch.full((2, 2), index)}), build(index))
    scene = [k for k in memory.keyframes if Stream("scene") in k.pages]
    assert 2 <= len(scene) <= 6
    assert all(int(k.state["grey"][0, 0]) == k.card.index for k in scene)
    assert all(not k.state for k in memory.keyframes if k not in scene)


def test_every_decision_is_logged_with_its_reason():
    memory = filled(60)
    actions = {decision.action for decision in memory.log}
    assert {"admit", "promote"} <= actions
    assert all(decision.reason for decision in memory.log)
