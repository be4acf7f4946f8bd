import torch

from vidmem.waves import BLOCK, Waves


def drawn(size=24, seed=0, scale=1.5):
    return Waves.drawn(3, size, scale=scale, seed=seed)


def test_answers_are_those_of_the_lifted_pixels():
    plain = torch.randn(2 * BLOCK + 7, 3)
    classifiers = torch.randn(2, 1 + 3 + 24)
    wanted = classifiers @ drawn().lifted(plain).T
    assert torch.allclose(drawn().answers(plain, classifiers), wanted, atol=1e-4)
    assert drawn().answers(plain[:0], classifiers).shape == (2, 0)


def test_inner_products_are_a_gaussian_kernel():
    plain = torch.tensor([[0.0, 0, 0], [0.1, 0.2, 0], [1, 1, 1]])
    waves = drawn(size=20_000, scale=1.5).of(plain)
    kernel = 2 * waves @ waves.T / waves.shape[1]
    wanted = torch.exp(-0.5 * (1.5 * torch.cdist(plain, plain)) ** 2)
    assert (kernel - wanted).abs().max() < 0.05


def test_the_same_numbers_draw_the_same_waves():
    plain = torch.randn(5, 3)
    assert drawn().of(plain).equal(drawn().of(plain))
    assert not drawn(seed=1).of(plain).equal(drawn().of(plain))
