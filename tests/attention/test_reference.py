"""The definition itself, against attention written out by hand for one stream and head."""

import torch

from vidmem.attention import attend


def test_equals_softmax_written_out(make_case) -> None:
    query, pages = make_case(0, streams=2, slots=3, lengths=(3, 2))
    found = attend(query, pages, backend="reference", mass="token")
    for stream, head in ((0, 0), (0, 3), (1, 1)):
        group = head // 2
        listed = [
            (slot, page) for slot, page in enumerate(pages.table[stream].tolist()) if page >= 0
        ]
        keys = torch.cat([pages.keys[page, : pages.counts[page], group] for _, page in listed])
        values = torch.cat([pages.values[page, : pages.counts[page], group] for _, page in listed])
        weights = (query[stream, :, head] @ keys.T / 4).softmax(-1)
        torch.testing.assert_close(found.values[stream, :, head], weights @ values)


def test_mass_is_a_share(make_case) -> None:
    query, pages = make_case(1, streams=3, lengths=(4, 0, 2), partial=False)
    by_page = attend(query, pages, backend="reference", mass="page").mass
    by_token = attend(query, pages, backend="reference", mass="token").mass
    torch.testing.assert_close(by_page.sum(-1), torch.tensor([1.0, 0.0, 1.0]))
    torch.testing.assert_close(by_token.sum(-1), by_page)
    assert (by_page[pages.table < 0] == 0).all()


def test_all_attention_on_one_token_is_found(make_case) -> None:
    query, pages = make_case(2, streams=1, lengths=(4,), partial=False, heads=1, groups=1)
    page = int(pages.table[0, 2])
    query[:] = 50 * pages.keys[page, 5, 0]
    found = attend(query, pages, backend="reference", mass="token")
    assert found.mass[0, 2, 5] > 0.99
    torch.testing.assert_close(
        found.values[0, 0, 0], pages.values[page, 5, 0], rtol=1e-2, atol=1e-2
    )


def test_stream_without_tokens_reads_zeros_and_teaches_nothing(make_case) -> None:
    query, pages = make_case(3, streams=2, lengths=(0, 1))
    pages.counts[pages.table[1].max()] = 0
    query.requires_grad_()
    found = attend(query, pages, backend="reference", mass="page")
    found.values.sum().backward()
    assert not found.values.any()
    assert not found.mass.any()
    assert not query.grad.any()
