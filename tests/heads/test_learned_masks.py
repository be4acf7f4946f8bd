"""What is shown may be corrected; what is carried and remembered never is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem import Config, Frame, Prompt, load
from vidmem.config import DepthConfig, RefineConfig
from vidmem.heads import learned_masks_network
from vidmem.heads.evidence import to_logits
from vidmem.heads.learned_masks import (
    Corrected,
    corrected,
    shipped_mask_network,
    sight_of,
    window_of,
)
from vidmem.heads.learned_masks_network import CHANNELS, MaskNetwork
from vidmem.heads.presence import near
from vidmem.refine.edges import EdgeRefiner
from vidmem.testing import moving_square, truth
from vidmem.types import Features, Masks

CONFIG = Config(depth=DepthConfig(enabled=False), refine=RefineConfig(by="edges"))
FRAMES = 8


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MaskNetwork().eval()


def always(network, change):
    """Adds the same everywhere."""
    torch.nn.init.constant_(network.out.bias, 50.0 if change > 0 else -50.0)
    return network


def run(refiner=None):
    engine = load(config=CONFIG, refiner=refiner)
    video = list(moving_square(FRAMES))
    return list(engine.run(video, {0: [Prompt(1, mask=truth(video[0]))]}))


def scene(rows=40, columns=60):
    """A square in the middle of nothing."""
    carried = torch.zeros(2 * rows, 2 * columns)
    carried[30:50, 50:70] = 1
    none = torch.zeros_like(carried)
    total = 3 * carried - 2
    cues = {"appearance": total / 3, "memory": none, "carried": carried, "other": none,
            "total": total}  # fmt: skip
    image = np.zeros((2 * rows, 2 * columns, 3), np.uint8)
    features = Features(image, image[..., 0], None, {"pixels": torch.zeros(rows, columns, 10)})
    return features, cues


def shown(network, features, cues):
    plain = near(to_logits(cues["total"]), cues["carried"])
    return corrected(network, features, plain, cues)


def test_untrained_it_changes_nothing(network):
    for plain, same in zip(run(), run(Corrected(network, EdgeRefiner())), strict=True):
        np.testing.assert_array_equal(plain.masks.labels, same.masks.labels)


def test_only_what_is_shown_changes(network, monkeypatch):
    monkeypatch.setattr(learned_masks_network, "MOST", 9.0)
    plain, other = run(), run(Corrected(always(network, 1), EdgeRefiner()))
    assert np.array_equal(plain[0].masks.labels, other[0].masks.labels), "it was prompted"
    for one, two in zip(plain, other, strict=True):
        assert torch.equal(one.masks.logits, two.masks.logits)
    more = [
        int(two.masks.mask(1).sum()) - int(one.masks.mask(1).sum())
        for one, two in zip(plain[1:], other[1:], strict=True)
    ]
    assert min(more) > 100


def test_results_hold_no_cues(network):
    assert all(not result.masks.cues for result in run(Corrected(network, EdgeRefiner())))


def test_nothing_is_added_where_something_else_is_certain(network):
    features, cues = scene()
    cues["total"] = cues["total"] + 1.8
    certain = cues["other"].clone()
    certain[30:50, 72:90] = 1
    free = shown(always(network, 1), features, cues)
    barred = shown(network, features, {**cues, "other": certain})
    assert bool((free[35:45, 75:85] > 0).all()) and bool((barred[35:45, 75:85] <= 0).all())
    assert bool((barred[30:50, 50:70] > 0).all())


def test_a_change_has_a_limit(network):
    features, cues = scene()
    sure = {**cues, "total": torch.where(cues["carried"] > 0, 5.0, -5.0)}
    plain = shown(network, features, sure) > 0
    for change in (-1, 1):
        assert torch.equal(shown(always(network, change), features, sure) > 0, plain)


def test_it_sees_colour_and_evidence_at_half_the_size():
    features, cues = scene()
    sight = sight_of(features, cues, (slice(0, 80), slice(0, 120)))
    assert sight.shape == (CHANNELS, 40, 60) and bool(sight.isfinite().all())
    assert sight[9, 20, 30] == 1 and sight[9, 0, 0] == -1
    assert sight[12, 20, 30] == 0 and sight[12, 0, 0] == pytest.approx(2, abs=0.3)
    part = sight_of(features, cues, (slice(16, 80), slice(32, 100)))
    torch.testing.assert_close(part, sight[:, 8:40, 16:50])


@pytest.mark.parametrize("at", [(0, 0), (76, 116)])
def test_the_window_holds_what_was_carried_and_stays_inside(network, at):
    features, cues = scene()
    carried = torch.zeros_like(cues["carried"])
    carried[at[0] : at[0] + 4, at[1] : at[1] + 4] = 1
    cues = {**cues, "carried": carried, "total": 3 * carried - 2}
    down, across = window_of(cues)
    assert 0 <= down.start <= at[0] and at[0] + 4 <= down.stop <= 80
    assert 0 <= across.start <= at[1] and at[1] + 4 <= across.stop <= 120
    assert shown(network, features, cues).shape == (80, 120)


def test_what_is_alike_but_far_away_is_not_looked_at():
    _, cues = scene(rows=100, columns=150)
    alike = cues["total"].clone()
    alike[160:190, 250:290] = 1
    down, across = window_of({**cues, "total": alike})
    assert down.stop < 160 and across.stop < 250
    alike[50:70, 50:70] = 1
    assert window_of({**cues, "total": alike})[0].stop >= 70 + 24


def test_where_nothing_was_carried_nothing_changes(network):
    features, cues = scene()
    cues = {**cues, "carried": torch.zeros_like(cues["carried"])}
    assert window_of(cues) is None
    plain = shown(network, features, cues)
    assert torch.equal(shown(always(network, 1), features, cues), plain)


def test_two_objects_stay_apart(network):
    always(network, 1)
    video = list(moving_square(4))
    left = truth(video[0]).copy()
    left[:, np.flatnonzero(left.any(0))[0] + 8 :] = False
    prompts = [Prompt(1, mask=left), Prompt(2, mask=truth(video[0]) & ~left)]
    engine = load(config=replace(CONFIG), refiner=Corrected(network, EdgeRefiner()))
    for result in engine.run(video, {0: prompts}):
        assert not (result.masks.mask(1) & result.masks.mask(2)).any()
        assert result.masks.mask(1).any() and result.masks.mask(2).any()


def test_what_can_be_seen_does_not_disappear(network, monkeypatch):
    monkeypatch.setattr(learned_masks_network, "MOST", 9.0)
    features, cues = scene()
    plain = near(to_logits(cues["total"]), cues["carried"])
    assert torch.equal(corrected(always(network, -1), features, plain, cues), plain)


def test_a_frame_seen_coarsely_is_not_corrected(network, monkeypatch):
    """There, pixels are at another stride; an object in the lower right has none at twice it."""
    monkeypatch.setattr(learned_masks_network, "MOST", 9.0)
    engine = load(config=CONFIG, refiner=Corrected(always(network, -1), EdgeRefiner()))
    plain = load(config=CONFIG)
    for each in (engine, plain):
        monkeypatch.setattr(each.models.tracker, "encode", each.models.tracker.encode_coarse)
    video = [replace(f, image=np.rot90(f.image, 2).copy()) for f in moving_square(4)]
    prompts = [Prompt(1, mask=np.rot90(truth(next(moving_square(1))), 2).copy())]
    for frame in video:
        given = prompts if frame.index == 0 else ()
        one, two = engine.step(frame, given), plain.step(frame, given)
        np.testing.assert_array_equal(one.masks.labels, two.masks.labels)


def test_masks_without_cues_are_refined_as_they_are(network):
    logits = torch.full((2, 40, 60), 3.0)
    logits[1] = 2.0
    masks = Masks((1, 2), logits, (1.0, 1.0), (1.0, 1.0), (False, False), {})
    image = np.zeros((40, 60, 3), np.uint8)
    features = Features(image, image[..., 0], None)
    asked = (Frame(image, 0, 0.0), features, load(config=CONFIG).memory.read(0), masks, None)
    plain, other = EdgeRefiner().refine(*asked), Corrected(network, EdgeRefiner()).refine(*asked)
    np.testing.assert_array_equal(plain.labels, other.labels)


def test_the_shipped_network_changes_what_is_shown():
    features, cues = scene()
    cues["total"] = 1.2 * cues["carried"] - 0.6
    plain = near(to_logits(cues["total"]), cues["carried"])
    assert (corrected(shipped_mask_network(), features, plain, cues) - plain).abs().max() > 0.1


def test_a_new_object_inside_a_followed_one_is_seen_at_once():
    video = list(moving_square(4))
    engine = load(config=replace(CONFIG, refine=RefineConfig()))
    engine.step(video[0], [Prompt(1, mask=truth(video[0]))])
    engine.step(video[1])
    rows, columns = (np.flatnonzero(truth(video[2]).any(axis)) for axis in (1, 0))
    part = np.zeros_like(truth(video[2]))
    part[rows[2] : rows[len(rows) // 2], columns[2] : columns[-2]] = True
    result = engine.step(video[2], [Prompt(2, mask=part)])
    assert (result.masks.mask(2) & part).sum() > 0.9 * part.sum()
