"""The operators as torch sees them: traced, differentiated, compiled without a break."""

import os
import subprocess
import sys

import pytest
import torch

PROGRAM = """
import torch
from vidmem.attention import attend
from vidmem.types import Pages

def read(query, keys, values, counts, table):
    pages = Pages(keys, values, counts, table, keys.mean(1))
    found = attend(query, pages, backend="triton", mass="page", top_pages=2)
    token = attend(query, pages, backend="triton", mass="token")
    return found.values * 2, found.mass, token.mass

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
query = torch.randn(2, 5, 2, 16, device=device, requires_grad=True)
keys, values = torch.randn(4, 6, 1, 16, device=device), torch.randn(4, 6, 1, 8, device=device)
table = torch.tensor([[0, 1, -1], [2, -1, 3]], device=device)
inputs = (query, keys, values, torch.tensor([6, 3, 6, 1], device=device), table)
compiled = torch.compile(read, backend="aot_eager", fullgraph=True)
for found, expected in zip(compiled(*inputs), read(*inputs), strict=True):
    torch.testing.assert_close(found, expected)
compiled(*inputs)[0].sum().backward()
assert query.grad.abs().sum() > 0
"""


@pytest.fixture(params=["interpreter", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request) -> str:
    """The interpreter needs no GPU; where there is one, kernels were not made for it."""
    if request.param == "interpreter" and torch.cuda.is_available():
        pytest.skip("runs on the GPU instead")
    return "cpu" if request.param == "interpreter" else "cuda"


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # from inside opcheck
def test_operators_keep_their_contracts(make_case, device) -> None:
    from vidmem.attention.triton import paged_attention, paged_token_mass

    query, pages = make_case(0, device=device, streams=2, slots=2, queries=3, tokens=5)
    for pool in (pages.keys, pages.values):
        pool.nan_to_num_(0.0)
    leaves = [leaf.requires_grad_() for leaf in (query, pages.keys, pages.values)]
    inputs = (*leaves, pages.counts, pages.table, 0.25, True)
    torch.library.opcheck(paged_attention, inputs)
    plain = [leaf.detach() for leaf in leaves[:2]]
    sums = torch.zeros(query.shape[:3], device=device)
    torch.library.opcheck(paged_token_mass, (*plain, pages.counts, pages.table, sums, 0.25))


def test_compile_does_not_break_the_graph() -> None:
    environment = dict(os.environ)
    if not torch.cuda.is_available():
        environment["TRITON_INTERPRET"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
