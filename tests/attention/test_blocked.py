"""The CPU path: random shapes against the definition, and the memory it takes."""

import random

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vidmem.attention import attend


class Largest(TorchDispatchMode):
    """Remembers the largest tensor that any operation made."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        seen = {x.untyped_storage().data_ptr() for x in tree_leaves(args) if torch.is_tensor(x)}
        for leaf in tree_leaves(made):
            if torch.is_tensor(leaf) and leaf.untyped_storage().data_ptr() not in seen:
                self.bytes = max(self.bytes, leaf.untyped_storage().nbytes())
        return made


@pytest.mark.parametrize("seed", range(24))
def test_random_shapes_equal_reference(make_case, seed) -> None:
    draw = random.Random(seed)
    groups = draw.choice((1, 2, 3))
    sizes = {
        "streams": draw.randint(1, 4),
        "slots": draw.randint(1, 6),
        "queries": draw.choice((1, 7, 64, 257, 514)),
        "tokens": draw.choice((1, 5, 33, 130)),
        "groups": groups,
        "heads": groups * draw.choice((1, 2, 3)),
        "key": draw.choice((1, 2, 16, 31, 48)),
        "value": draw.choice((1, 2, 16, 31, 48)),
        "logit": draw.choice((0.1, 1.0, 30.0, 3000.0)),
        "partial": draw.random() < 0.7,
    }
    query, pages = make_case(seed, **sizes)
    mass = draw.choice((None, "page", "token"))
    expected = attend(query, pages, backend="reference", mass=mass)
    for backend in ("blocked", "sdpa"):
        found = attend(query, pages, backend=backend, mass=mass)
        torch.testing.assert_close(found.values, expected.values, rtol=2e-3, atol=2e-4)
        if mass:
            torch.testing.assert_close(found.mass, expected.mass, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("mass", [None, "page"])
def test_memory_is_one_page_whatever_the_number_of_pages(make_case, mass) -> None:
    sizes = {"streams": 1, "queries": 200, "tokens": 200, "heads": 1, "groups": 1, "key": 32}
    query, pages = make_case(0, slots=20, lengths=(20,), partial=False, value=2, **sizes)
    with Largest() as largest:
        attend(query, pages, backend="blocked", mass=mass)
    assert 0 < largest.bytes <= 200 * 32 * 4


def test_neighbouring_pages_are_read_as_one(make_case) -> None:
    query, pages = make_case(1, streams=1, slots=4, lengths=(4,), partial=False, key=8, value=8)
    pages.table[0] = torch.tensor([2, 3, 4, 1])
    expected = attend(query, pages, backend="reference")
    torch.testing.assert_close(attend(query, pages, backend="blocked").values, expected.values)
