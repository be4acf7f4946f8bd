"""Queries that are views: transposed or expanded memory gives the same answer."""

import pytest
import torch

from vidmem.attention import attend
from vidmem.types import Pages


@pytest.mark.parametrize("backend", ["auto", "sdpa", "blocked"])
def test_a_transposed_query_reads_the_same(backend):
    keys, values = torch.randn(2, 108, 1, 170), torch.rand(2, 108, 1, 1)
    pages = Pages(keys, values, torch.tensor([108, 108]), torch.tensor([[0, 1]]), keys.mean(1))
    query = torch.randn(170, 108).T[None, :, None]
    expected = attend(query.clone().contiguous(), pages, backend="reference").values
    assert torch.allclose(attend(query, pages, backend=backend).values, expected, atol=1e-5)
