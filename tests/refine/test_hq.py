"""The refiner with a network that answers what the test wants."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vidmem import Config, Prompt, load
from vidmem.config import DepthConfig, RefineConfig
from vidmem.refine.candidates import Candidates
from vidmem.refine.hq import HqRefiner, paint
from vidmem.testing import moving_square, truth

CONFIG = Config(depth=DepthConfig(enabled=False))


class Stub:
    """Offers ``masks(frame index)``; the frame is known by its picture."""

    def __init__(self, video, masks):
        self._video, self._masks = video, masks
        self.seen, self.hints = [], []

    def see(self, image):
        index = next(f.index for f in self._video if np.array_equal(f.image, image))
        self.seen.append(index)
        return index

    def offer(self, seen, hint):
        self.hints.append(hint)
        masks = np.stack(self._masks(self._video[seen]))
        logits = torch.from_numpy(np.where(masks, 8.0, -8.0).astype(np.float32))
        return Candidates(logits, np.full(len(masks), 0.9))


@pytest.fixture(scope="module")
def video():
    return list(moving_square(12))


class Changed:
    """The embedded tracker, but for ``change(masks, index)``."""

    def __init__(self, change):
        self._tracker, self._change = load(config=CONFIG).models.tracker, change

    def __getattr__(self, name):
        return getattr(self._tracker, name)

    def segment(self, features, recall, prompts):
        return self._change(self._tracker.segment(features, recall, prompts), recall.index)


def run(video, masks, *, prompts=None, tracker=None, **knobs):
    stub = Stub(video, masks)
    refiner = HqRefiner(RefineConfig(**knobs), stub)
    engine = load(config=CONFIG, refiner=refiner, tracker=tracker)
    first = {0: [Prompt(1, mask=truth(video[0]))]}
    return stub, list(engine.run(video, prompts or first))


def notched(frame):
    """The truth, recognisable: one pixel is missing that every other mask has."""
    mask = truth(frame).copy()
    mask[36, 20 + 2 * frame.index] = False
    return mask


def elsewhere(frame):
    return np.roll(truth(frame), 30, axis=1)


def test_an_accepted_mask_is_shown(video):
    stub, results = run(video, lambda f: [elsewhere(f), notched(f), elsewhere(f)])
    assert stub.seen == list(range(1, 12)), "not where a person has just said what is right"
    for result in results[1:]:
        assert np.array_equal(result.masks.mask(1), notched(result.frame))


def test_refused_masks_change_nothing(video):
    _, results = run(video, lambda f: [elsewhere(f)] * 3)
    plain = list(load(config=CONFIG).run(video, {0: [Prompt(1, mask=truth(video[0]))]}))
    for result, expected in zip(results, plain, strict=True):
        assert np.array_equal(result.masks.labels, expected.masks.labels)
        assert torch.equal(result.masks.logits, expected.masks.logits)


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [({"when": "every", "every": 4}, [4, 8]), ({"when": "unsure"}, [])],
)
def test_it_refines_when_it_is_told_to(video, knobs, expected):
    stub, _ = run(video, lambda f: [truth(f)] * 3, **knobs)
    assert stub.seen == expected


def test_unsure_masks_are_refined(video):
    def doubt(masks, index):
        return replace(masks, reliability=(0.7 if index == 5 else 0.9,))

    stub, _ = run(video, lambda f: [truth(f)] * 3, tracker=Changed(doubt), when="unsure")
    assert stub.seen == [5]


def test_one_embedding_serves_all_objects(video):
    other = np.zeros_like(truth(video[0]))
    other[2:14, 60:80] = True
    prompts = {0: [Prompt(1, mask=truth(video[0])), Prompt(2, mask=other)]}
    stub, _ = run(video, lambda f: [truth(f)] * 3, prompts=prompts)
    assert len(stub.hints) > 1.5 * len(stub.seen)


def test_a_correction_stays_as_it_was_said(video):
    said = elsewhere(video[6])
    prompts = {0: [Prompt(1, mask=truth(video[0]))], 6: [Prompt(1, mask=said)]}
    stub, results = run(video, lambda f: [truth(f)] * 3, prompts=prompts)
    assert 6 not in stub.seen
    shown = results[6].masks.mask(1)
    assert (shown & said).sum() > 0.9 * said.sum()


def logits_of(results):
    return torch.stack([result.masks.logits[0] for result in results])


def test_only_with_write_back_does_the_memory_change(video):
    def lower(masks, index):
        moved = torch.roll(masks.logits, 2, 1) if index == 6 else masks.logits
        return replace(masks, logits=moved)

    def logits(**knobs):
        _, results = run(video, lambda f: [truth(f)] * 3, tracker=Changed(lower), **knobs)
        return logits_of(results)

    plain = logits_of(
        load(config=CONFIG, tracker=Changed(lower)).run(
            video, {0: [Prompt(1, mask=truth(video[0]))]}
        )
    )
    assert torch.equal(logits(), plain)
    written = logits(write_back=True)
    assert torch.equal(written[:6], plain[:6]) and not torch.equal(written[6], plain[6])
    assert np.array_equal((written[6] > 0).numpy(), truth(video[6]))


@pytest.mark.parametrize("feedback", [True, False])
def test_accepted_masks_teach_if_they_may(video, feedback):
    def larger(f):
        grown = truth(f).copy()
        grown[25:47] |= np.roll(grown[25:47], 1, axis=1)
        return grown

    def appearance(offer):
        stub = Stub(video, offer)
        refiner = HqRefiner(RefineConfig(feedback=feedback, select="score"), stub)
        engine = load(config=CONFIG, refiner=refiner)
        list(engine.run(video, {0: [Prompt(1, mask=truth(video[0]))]}))
        return engine.memory.objects[1].state["refine.recent_b"]

    same = torch.equal(appearance(lambda f: [truth(f)] * 3), appearance(lambda f: [larger(f)] * 3))
    assert same is not feedback


@pytest.mark.parametrize(("changing", "frames"), [(False, [3, 6, 9]), (True, [3, 5, 6, 7, 9])])
def test_what_changes_teaches_in_every_frame(video, changing, frames):
    def change(masks, index):
        return replace(masks, topology_changed=(changing and 5 <= index <= 7,))

    refiner = HqRefiner(RefineConfig(), Stub(video, lambda f: [truth(f)] * 3))
    engine = load(config=CONFIG, refiner=refiner, tracker=Changed(change))
    taught, before = [], None
    for result in engine.run(video, {0: [Prompt(1, mask=truth(video[0]))]}):
        now = engine.memory.objects[1].state["refine.recent_b"]
        if before is not None and not torch.equal(now, before):
            taught.append(result.frame.index)
        before = now
    assert taught == frames


def test_a_saved_state_goes_on_equal(video, tmp_path):
    def engine(**how):
        stub = Stub(video, lambda f: [elsewhere(f), notched(f), truth(f)])
        refiner = HqRefiner(RefineConfig(write_back=True), stub)
        return load(config=CONFIG, refiner=refiner, **how)

    first = engine()
    prompts = {0: [Prompt(1, mask=truth(video[0]))]}
    whole = list(engine().run(video, prompts))
    list(first.run(video[:7], prompts))
    first.save(tmp_path / "state.safetensors")
    rest = list(engine(state=tmp_path / "state.safetensors").run(video[7:]))
    assert torch.equal(logits_of(rest), logits_of(whole[7:]))
    assert all(
        np.array_equal(a.masks.labels, b.masks.labels) for a, b in zip(rest, whole[7:], strict=True)
    )


def test_accepted_masks_share_pixels_by_strength_and_leave_others_theirs():
    labels = np.array([[1, 1, 2, 2, 3, 0]], np.uint8)
    strong = np.array([[-1, 2, 2, 2, 2, 2]], np.float16)
    weak = np.array([[1, 1, 1, -1, -1, 1]], np.float16)
    painted = paint(labels, {1: strong, 2: weak})
    assert painted.tolist() == [[2, 1, 1, 1, 3, 1]]
    assert paint(labels, {}).tolist() == labels.tolist()
