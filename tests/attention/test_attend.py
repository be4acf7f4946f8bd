"""The front: checks, ranking, and every backend equal to the definition."""

from dataclasses import replace

import pytest
import torch

from vidmem.attention import attend, tiled

SHAPES = {
    "usual": {},
    "one page": {"slots": 1, "streams": 2, "lengths": (1, 1)},
    "full table": {"lengths": (4, 4, 4), "partial": False},
    "empty streams": {"lengths": (0, 3, 0)},
    "all empty": {"lengths": (0, 0, 0)},
    "one query": {"queries": 1},
    "one token": {"tokens": 1, "partial": False},
    "wide values": {"key": 8, "value": 24},
    "odd widths": {"key": 7, "value": 3, "heads": 3, "groups": 1},
    "one head": {"heads": 1, "groups": 1, "key": 32, "value": 2},
    "halved queries": {"queries": 301, "tokens": 40, "streams": 1},
    "half precision": {"dtype": torch.bfloat16},
    "many queries": {"queries": 300, "tokens": 70, "streams": 2},
    "strong logits": {"logit": 2500.0},
    "double": {"dtype": torch.float64},
}


@pytest.mark.parametrize("backend", ["sdpa", "blocked"])
@pytest.mark.parametrize("mass", [None, "page", "token"])
@pytest.mark.parametrize("shape", SHAPES)
def test_backend_equals_reference(make_case, shape, mass, backend) -> None:
    close = (
        {"rtol": 2e-2, "atol": 2e-2} if shape == "half precision" else {"rtol": 1e-3, "atol": 1e-4}
    )
    for seed in range(3):
        query, pages = make_case(seed, **SHAPES[shape])
        expected = attend(query, pages, backend="reference", mass=mass)
        found = attend(query, pages, backend=backend, mass=mass)
        torch.testing.assert_close(found.values, expected.values, **close)
        if mass:
            torch.testing.assert_close(found.mass.double(), expected.mass.double(), **close)


@pytest.mark.parametrize("shape", sorted(SHAPES.keys() - {"half precision"}))
def test_tiles_equal_reference(make_case, shape, monkeypatch) -> None:
    monkeypatch.setattr(tiled, "_WEIGHTS", 2000)
    query, pages = make_case(3, **SHAPES[shape])
    expected = attend(query, pages, backend="reference").values
    found = attend(query, pages, backend="tiled").values
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("backend", ["auto", "sdpa"])
def test_gradients_equal_reference(make_case, backend) -> None:
    query, pages = make_case(5, lengths=(2, 0, 4))
    leaves = (query, pages.keys, pages.values)
    teacher = torch.randn(*query.shape[:3], pages.values.shape[-1])
    grads = []
    for name in ("reference", backend):
        for leaf in leaves:
            leaf.requires_grad_()
        out = attend(query, pages, backend=name, mass="page")
        assert not out.mass.requires_grad
        grads.append(torch.autograd.grad((out.values * teacher).sum(), leaves))
    for found, expected in zip(*grads, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_top_pages_reads_the_pages_with_most_mass(make_case) -> None:
    query, pages = make_case(6, streams=2, slots=6, lengths=(6, 5), partial=False, logit=0.3)
    likes = pages.table[0, [1, 4]]
    query += 1
    pages.keys[likes] += 1
    pages = replace(pages, summary=pages.keys.mean(1))
    whole = attend(query, pages, mass="page").mass
    found = attend(query, pages, top_pages=2, mass="page")
    assert found.mass[0].nonzero().flatten().tolist() == [1, 4]
    assert whole[0].topk(2).indices.sort().values.tolist() == [1, 4]
    kept = replace(pages, table=torch.where(found.mass > 0, pages.table, -1))
    torch.testing.assert_close(found.values, attend(query, kept).values)
    torch.testing.assert_close(found.mass.sum(-1), torch.ones(2))


def test_top_pages_beyond_the_table_changes_nothing(make_case) -> None:
    query, pages = make_case(7)
    assert torch.equal(attend(query, pages, top_pages=9).values, attend(query, pages).values)


def test_top_pages_takes_pages_before_empty_slots(make_case) -> None:
    query, pages = make_case(8, streams=1, lengths=(2,), partial=False, logit=1000.0)
    found = attend(query, pages, top_pages=2, mass="token")
    assert found.mass.shape == (1, 4, 13)
    whole = attend(query, pages).values
    torch.testing.assert_close(found.values, whole, rtol=1e-3, atol=1e-4)


def test_equal_pages_rank_by_slot(make_case) -> None:
    query, pages = make_case(9, streams=1, lengths=(4,), partial=False)
    pages = replace(pages, summary=torch.zeros_like(pages.summary))
    assert attend(query, pages, top_pages=1, mass="page").mass.tolist() == [[1, 0, 0, 0]]


def test_inputs_are_not_written(make_case) -> None:
    query, pages = make_case(10, partial=False)
    before = [tensor.clone() for tensor in (query, pages.keys, pages.values, pages.table)]
    attend(query, pages, top_pages=2, mass="token")
    after = (query, pages.keys, pages.values, pages.table)
    assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda q, p: (q[:2], p), "2 streams"),
        (lambda q, p: (q[..., :5], p), "5 wide"),
        (lambda q, p: (q[:, :, :3], p), "3 heads"),
        (lambda q, p: (q.double(), p), "Types differ"),
    ],
)
def test_what_does_not_fit_is_refused(make_case, change, words) -> None:
    with pytest.raises(ValueError, match=words):
        attend(*change(*make_case(11)))


def test_top_pages_below_one_is_refused(make_case) -> None:
    with pytest.raises(ValueError, match="top_pages is 0"):
        attend(*make_case(11), top_pages=0)


def test_backends_refuse_what_they_cannot(make_case) -> None:
    query, pages = make_case(12)
    with pytest.raises(ValueError, match="without gradients"):
        attend(query.requires_grad_(), pages, backend="blocked")
    with pytest.raises(ValueError, match="neither mass nor gradients"):
        attend(query.detach(), pages, backend="tiled", mass="page")
    query, pages = make_case(12, dtype=torch.float64)
    with pytest.raises(ValueError, match="32 bits"):
        attend(query, pages, backend="triton")
