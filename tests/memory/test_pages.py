"""Pools: written once, counted by reference, never larger."""

import numpy as np
import pytest
import torch

from vidmem.config import MemoryConfig
from vidmem.errors import ConfigError, ObjectError
from vidmem.memory.pages import Pool
from vidmem.memory.rooms import make_pools
from vidmem.types import PageShape, Tokens

SHAPE = PageShape(tokens=4, groups=1, key=3, value=2)


def tokens(value: float, count: int = 4) -> Tokens:
    return Tokens(
        torch.full((count, 1, 3), value), torch.full((count, 1, 2), value), np.ones(1, np.float32)
    )


def test_what_was_written_is_read_back_with_its_summary():
    pool = Pool(SHAPE, 2)
    slot = pool.take(tokens(7.0, count=3))
    keys, values = pool.read(slot)
    assert keys.shape == (3, 1, 3) and bool((keys == 7).all()) and bool((values == 7).all())
    pages = pool.pages(torch.tensor([[slot]]))
    assert int(pages.counts[slot]) == 3
    assert bool((pages.summary[slot] == 7).all())


def test_a_page_held_twice_is_free_after_the_second_release():
    pool = Pool(SHAPE, 1)
    slot = pool.take(tokens(1.0))
    pool.hold([slot])
    pool.release([slot])
    with pytest.raises(ObjectError, match="pages of the memory are in use"):
        pool.take(tokens(2.0))
    pool.release([slot])
    assert pool.take(tokens(2.0)) == slot


def test_a_reused_page_keeps_nothing_of_the_old_count():
    pool = Pool(SHAPE, 1)
    pool.release([pool.take(tokens(1.0, count=4))])
    slot = pool.take(tokens(5.0, count=1))
    keys, _ = pool.read(slot)
    assert keys.shape[0] == 1


def test_pools_stay_within_their_share_of_the_budget():
    config = MemoryConfig(budget_mb=1, objects=16)
    shape = PageShape(tokens=100, groups=1, key=16, value=16)
    pools = make_pools({"object": shape}, config)
    assert pools["object"].bytes <= 0.65 * 2**20


def test_a_budget_without_room_for_one_object_is_refused_with_the_size_that_works():
    shape = PageShape(tokens=10_000, groups=1, key=64, value=64)
    with pytest.raises(ConfigError, match="MB can") as caught:
        make_pools({"object": shape}, MemoryConfig(budget_mb=1))
    needed = int(caught.value.remedy.split("budget-mb ")[1].split()[0])
    make_pools({"object": shape}, MemoryConfig(budget_mb=needed + 1))
