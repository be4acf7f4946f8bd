"""Policies: numbers in, decisions out."""

import dataclasses

from vidmem.config import MemoryConfig
from vidmem.memory.policy import Entry, admit, novelty, settle
from vidmem.types import Card, Page, Stream, StreamCard, Tier

CUP = Stream("object", 1)
CONFIG = MemoryConfig(recent=2, long_term=2, corrections=1, stride=5)


def card(index, **seen):
    defaults = {"presence": 1.0, "reliability": 1.0, "area": 0.1}
    return Card(index, index / 30, 10.0, 0.0, 0, {CUP: StreamCard(**{**defaults, **seen})})


def entry(index, tier, descriptor=(1.0, 0.0), relevance=0.0, reads=0, **seen):
    return Entry(card(index, **seen), Page(index, tier, descriptor, relevance, reads))


def test_a_prompted_frame_is_pinned_even_if_it_looks_unreliable():
    answer = admit(CUP, card(3, prompted=True, reliability=0.0), [], config=CONFIG)
    assert answer.tier is Tier.PINNED


def test_smart_waits_for_its_stride_then_takes_a_reliable_frame():
    kept = [entry(0, Tier.PINNED)]
    assert admit(CUP, card(4), kept, config=CONFIG) is None
    assert admit(CUP, card(5), kept, config=CONFIG).tier is Tier.RECENT


def test_smart_does_not_write_an_absent_occluded_or_unreliable_object():
    kept = [entry(0, Tier.PINNED)]
    for seen, word in (
        ({"presence": 0.1}, "absent"),
        ({"occluded": True}, "occluded"),
        ({"reliability": 0.2}, "unreliable"),
    ):
        answer = admit(CUP, card(9, **seen), kept, config=CONFIG)
        assert answer.tier is None and word in answer.reason


def test_fifo_writes_every_frame_even_an_empty_one():
    fifo = dataclasses.replace(CONFIG, policy="fifo")
    assert admit(CUP, card(1, presence=0.0), [entry(0, Tier.PINNED)], config=fifo).tier


def test_every_k_keeps_its_schedule_whatever_it_sees():
    schedule = dataclasses.replace(CONFIG, policy="every-k")
    kept = [entry(0, Tier.PINNED)]
    assert admit(CUP, card(4), kept, config=schedule) is None
    assert admit(CUP, card(5, presence=0.0), kept, config=schedule).tier


def test_fifo_lets_the_oldest_go_and_never_the_prompt():
    fifo = dataclasses.replace(CONFIG, policy="fifo")
    kept = [entry(0, Tier.PINNED), *(entry(i, Tier.RECENT) for i in range(1, 7))]
    leaving = [change.entry.card.index for change in settle(CUP, kept, (), config=fifo)]
    assert leaving == [1, 2]


def test_what_leaves_the_ring_stays_if_it_is_new_and_goes_if_it_is_not():
    same = [entry(0, Tier.PINNED), *(entry(i, Tier.RECENT) for i in (5, 10, 15))]
    (gone,) = settle(CUP, same, (0.1,), config=CONFIG)
    assert gone.tier is None and gone.reason == "nothing new"
    turned = [entry(0, Tier.PINNED), entry(5, Tier.RECENT, (0.0, 1.0)), *same[2:]]
    (kept,) = settle(CUP, turned, (0.1,), config=CONFIG)
    assert kept.tier is Tier.LONG_TERM


def test_an_unusual_area_does_not_become_long_term():
    kept = [
        entry(0, Tier.PINNED),
        entry(5, Tier.RECENT, (0.0, 1.0), area=0.3),
        entry(10, Tier.RECENT),
        entry(15, Tier.RECENT),
    ]
    (change,) = settle(CUP, kept, (0.1, 0.1, 0.1), config=CONFIG)
    assert change.tier is None and "area" in change.reason


def test_the_least_useful_long_term_page_leaves_and_an_untried_one_gets_its_chance():
    kept = [
        entry(0, Tier.PINNED, (1.0, 0.0, 0.0, 0.0)),
        entry(1, Tier.LONG_TERM, (0.0, 1.0, 0.0, 0.0), relevance=0.01, reads=900),
        entry(2, Tier.LONG_TERM, (0.0, 0.0, 1.0, 0.0), relevance=0.5, reads=900),
        entry(5, Tier.RECENT, (0.0, 0.0, 0.0, 1.0)),
        entry(10, Tier.RECENT),
        entry(15, Tier.RECENT),
    ]
    changes = {c.entry.card.index: c.tier for c in settle(CUP, kept, (), config=CONFIG)}
    assert changes == {1: None, 5: Tier.LONG_TERM}


def test_the_first_prompt_and_the_latest_correction_stay_pinned():
    kept = [entry(i, Tier.PINNED) for i in (0, 7, 20)]
    (change,) = settle(CUP, kept, (), config=CONFIG)
    assert change.entry.card.index == 7 and change.tier is Tier.LONG_TERM


def test_novelty_is_the_part_outside_the_span():
    assert novelty((0.0, 1.0), [(1.0, 0.0)]) > 0.99
    assert novelty((1.0, 0.0), [(1.0, 0.0)]) < 0.01
    half = novelty((0.5**0.5, 0.5**0.5), [(1.0, 0.0)])
    assert abs(half - 0.5) < 0.01
    assert novelty((1.0, 0.0), []) == 1.0
