"""Looks at keyframes that take two steps."""

from dataclasses import replace

import torch

from tests.heads.test_geometric_depth import view
from vidmem import Config, load
from vidmem.heads.geometry.pending import look_back


def recall_after(count):
    engine = load("nano", config=Config())
    list(engine.run([view(0.04 * i, index=i)[0] for i in range(count)]))
    return engine.memory.read(count)


def test_what_was_compared_is_joined_to_the_frame_before():
    recall = recall_after(11)
    before, after = recall.previous.depth, look_back(recall).previous.depth
    assert "compared.flow" in before.state
    assert after.state["variance"].mean() < before.state["variance"].mean()
    assert not torch.equal(after.state["inverse"], before.state["inverse"])


def test_without_a_comparison_or_its_keyframe_nothing_changes():
    recall = recall_after(12)
    assert "compared.flow" not in recall.previous.depth.state
    assert look_back(recall) is recall
    forgotten = replace(recall_after(11), keyframes=())
    after = look_back(forgotten).previous.depth
    assert torch.equal(after.state["inverse"], forgotten.previous.depth.state["inverse"])
