"""The same answers as the ``sam2`` package's own video predictor, and a test that could fail."""

import pytest
import torch

from vidmem import Prompt
from vidmem.evaluation.sam2_official import build_official, follow, write_frames
from vidmem.heads import sam2_attention, sam2_memory
from vidmem.testing import truth

TOLERANCE = 1e-5
CHECKED = 18
"""Frames after which every control below must have shown: both objects, more than six pointers."""


@pytest.fixture(scope="module")
def run_official(network, remembered_encoder, video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    write_frames(video, folder)
    weights = network.state_dict()
    official = remembered_encoder(build_official("tiny", image_size=256, weights=weights))

    def run(prompts, **switches):
        for name, value in switches.items():
            setattr(official, name, value)
        return dict(follow(official, official.init_state(str(folder)), prompts, frames=len(video)))

    return run


@pytest.fixture(scope="module")
def official(run_official, prompts):
    return run_official(prompts)


@pytest.fixture
def difference(make_large_engine, video):
    """Of logits, the largest over all objects, pixels and the first frames."""

    def measure(expected, prompts, frames=CHECKED):
        engine = make_large_engine(policy="fifo")
        prompts = {index: given for index, given in prompts.items() if index < frames}
        worst = 0.0
        for result in engine.run(video[:frames], prompts):
            masks, reference = result.masks, expected[result.frame.index]
            assert set(masks.ids) == set(reference)
            for object_id, logits in zip(masks.ids, masks.logits, strict=True):
                worst = max(worst, float((logits - reference[object_id]).abs().max()))
        return worst

    return measure


def test_thirty_frames_are_equal(difference, official, prompts):
    assert len(official) == 30 and set(official[29]) == {1, 2}
    assert min(float(logits.std()) for logits in official[29].values()) > 0.05
    assert difference(official, prompts, frames=30) <= TOLERANCE


def test_a_correction_is_equal(difference, run_official, prompts, video):
    """Where the package is told to remember corrections as prompts: it forgets them by default."""
    click = {12: [Prompt(1, points=((50.0, 40.0, 1), (5.0, 5.0, 0)))]}
    expected = run_official({**prompts, **click}, add_all_frames_to_correct_as_cond=True)
    assert difference(expected, {**prompts, **click}, frames=20) <= TOLERANCE
    assert difference(expected, prompts, frames=20) > 10 * TOLERANCE


def test_reversed_temporal_codes_show(difference, official, prompts, monkeypatch):
    codes = sam2_memory.temporal_codes

    def backwards(ages, tiers, *, most):
        found = codes(ages, tiers, most=most)
        return tuple(most - 2 - code if code < most - 1 else code for code in found)

    monkeypatch.setattr(sam2_memory, "temporal_codes", backwards)
    assert difference(official, prompts) > 10 * TOLERANCE


def test_a_dropped_page_shows(difference, official, prompts, monkeypatch):
    pages_of = sam2_memory._spatial_pages

    def without_one(*given):
        pages, slots = pages_of(*given)
        return (pages[:1] + pages[2:], slots[:1] + slots[2:]) if len(pages) > 4 else (pages, slots)

    monkeypatch.setattr(sam2_memory, "_spatial_pages", without_one)
    assert difference(official, prompts) > 10 * TOLERANCE


def test_as_many_pointers_as_pages_shows(difference, official, prompts, monkeypatch):
    pointers_of = sam2_memory._pointers

    def six_and_the_prompt(*given):
        return tuple(part[: 7 * 4] for part in pointers_of(*given))

    monkeypatch.setattr(sam2_memory, "_pointers", six_and_the_prompt)
    assert difference(official, prompts) > 10 * TOLERANCE


def test_swapped_objects_show(difference, official, prompts, monkeypatch):
    gather = sam2_attention.gather
    monkeypatch.setattr(
        sam2_attention,
        "gather",
        lambda network, recall, ids, **how: gather(network, recall, ids[::-1], **how),
    )
    assert difference(official, prompts) > 10 * TOLERANCE


def test_pages_hold_what_the_package_stores(make_large_engine, video, prompts):
    engine = make_large_engine(policy="fifo")
    list(engine.run(video[:12], prompts))
    view = engine.memory.read(12)
    grids, pointers = view.views["object"], view.views["pointer"]
    assert grids.pages.keys.dtype == torch.bfloat16 and pointers.pages.keys.dtype == torch.float32
    assert grids.ages == ((12, 6, 5, 4, 3, 2, 1), (4, 3, 2, 1))
    assert pointers.ages == (tuple(range(12, 0, -1)), (4, 3, 2, 1))


def test_a_prompted_mask_is_the_answer(make_engine, video):
    result = make_engine().step(video[0], [Prompt(1, mask=truth(video[0]))])
    overlap = result.masks.mask(1) & truth(video[0])
    assert overlap.sum() / truth(video[0]).sum() > 0.95
