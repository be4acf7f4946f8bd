"""The kernels against the definition: interpreted on the CPU, or as they are on a GPU."""

import pytest
import torch

from vidmem.attention import attend

SHAPES = {
    "usual": {"queries": 9},
    "one page": {"slots": 1, "streams": 2, "lengths": (1, 1)},
    "full table, several parts": {"lengths": (4, 4), "streams": 2, "partial": False, "tokens": 33},
    "empty streams": {"lengths": (0, 3, 0)},
    "all empty": {"lengths": (0, 0, 0)},
    "no slots": {"slots": 0, "lengths": (0, 0, 0)},
    "one query": {"queries": 1, "streams": 1, "slots": 9, "lengths": (9,)},
    "one token": {"tokens": 1, "partial": False},
    "whole blocks": {"tokens": 64, "partial": False, "streams": 1, "lengths": (3,)},
    "odd widths": {"key": 7, "value": 3, "heads": 3, "groups": 1},
    "one head": {"heads": 1, "groups": 1, "key": 32, "value": 2},
    "six heads on two groups": {"heads": 6, "groups": 2, "key": 96, "value": 48},
    "wide keys": {"key": 256, "value": 64, "heads": 1, "groups": 1, "tokens": 20},
    "widest": {"key": 256, "value": 256, "heads": 1, "groups": 1, "tokens": 20},
    "many rows": {"queries": 70, "streams": 1, "lengths": (2,)},
    "strong logits": {"logit": 2500.0, "streams": 2, "lengths": (3, 1)},
}


@pytest.fixture(params=["interpreter", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request) -> str:
    """The interpreter needs no GPU; where there is one, kernels were not made for it."""
    if request.param == "interpreter":
        if torch.cuda.is_available():
            pytest.skip("runs on the GPU instead")
        return "cpu"
    return "cuda"


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_reference(make_case, device, shape, seed) -> None:
    query, pages = make_case(seed, device=device, **SHAPES[shape])
    mass = ("page", "token")[seed]
    expected = attend(query, pages, backend="reference", mass=mass)
    found = attend(query, pages, backend="triton", mass=mass)
    torch.testing.assert_close(found.values, expected.values, rtol=1e-3, atol=2e-4)
    torch.testing.assert_close(found.mass, expected.mass, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types(make_case, device, dtype) -> None:
    query, pages = make_case(2, device=device, dtype=dtype, lengths=(2, 0, 3))
    expected = attend(query, pages, backend="reference", mass="page")
    found = attend(query, pages, backend="triton", mass="page")
    assert found.values.dtype == dtype
    torch.testing.assert_close(found.values, expected.values, rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(found.mass, expected.mass, rtol=1e-2, atol=1e-3)


def test_top_pages(make_case, device) -> None:
    query, pages = make_case(3, device=device, streams=2, slots=6, lengths=(6, 1))
    expected = attend(query, pages, backend="reference", mass="page", top_pages=2)
    found = attend(query, pages, backend="triton", mass="page", top_pages=2)
    torch.testing.assert_close(found.values, expected.values, rtol=1e-3, atol=2e-4)
    torch.testing.assert_close(found.mass, expected.mass, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", ["usual", "empty streams", "odd widths", "wide keys"])
def test_gradients(make_case, device, shape) -> None:
    query, pages = make_case(4, device=device, **SHAPES[shape])
    leaves = tuple(leaf.requires_grad_() for leaf in (query, pages.keys, pages.values))
    teacher = torch.randn(*query.shape[:3], pages.values.shape[-1], device=device)
    grads = []
    for backend in ("reference", "triton"):
        found = attend(query, pages, backend=backend, mass="page")
        assert not found.mass.requires_grad
        grads.append(torch.autograd.grad((found.values * teacher).sum(), leaves))
    for expected, found in zip(*grads, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=5e-4)


def test_gradients_of_a_page_two_streams_share(make_case, device) -> None:
    query, pages = make_case(5, device=device, streams=2, slots=2, partial=False)
    pages.table[:] = torch.tensor([[1, 3], [3, 3]])
    pages.keys.requires_grad_()
    grads = [
        torch.autograd.grad(attend(query, pages, backend=name).values.square().sum(), pages.keys)
        for name in ("reference", "triton")
    ]
    torch.testing.assert_close(grads[1], grads[0], rtol=1e-3, atol=5e-4)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "widths", [(32, 32), (64, 64), (96, 128), (128, 128), (256, 64), (256, 256)]
)
def test_real_sizes(make_case, dtype, widths) -> None:
    sizes = {"queries": 517, "tokens": 333, "heads": 2, "groups": 1, "key": widths[0]}
    query, pages = make_case(6, device="cuda", dtype=dtype, value=widths[1], **sizes)
    leaves = tuple(leaf.requires_grad_() for leaf in (query, pages.keys, pages.values))
    both = []
    for backend in ("reference", "triton"):
        found = attend(query, pages, backend=backend, mass="token")
        grads = torch.autograd.grad(found.values.float().square().sum(), leaves)
        both.append((found.values, found.mass, *grads))
    for expected, found in zip(*both, strict=True):
        scale = float(expected.detach().abs().max())
        error = float((found.detach().float() - expected.detach().float()).abs().max())
        assert error <= (1e-3 if dtype == torch.float32 else 3e-2) * max(scale, 1e-3)
