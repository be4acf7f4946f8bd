"""J and F: hand-made cases, and agreement with an independent implementation."""

import numpy as np
import pytest

from vidmem.evaluation.masks import boundary, contour, region, summarise


def square(left, size=10, shape=(40, 50)):
    mask = np.zeros(shape, bool)
    mask[10 : 10 + size, left : left + size] = True
    return mask


def test_overlap_of_shifted_squares():
    assert region(square(10), square(15)) == pytest.approx(50 / 150)
    assert region(square(10), square(10)) == 1.0
    assert region(square(0), square(30)) == 0.0


def test_empty_masks():
    empty = np.zeros((40, 50), bool)
    assert region(empty, empty) == contour(empty, empty) == 1.0
    assert region(empty, square(5)) == contour(empty, square(5)) == 0.0
    assert contour(square(5), empty) == 0.0


def test_void_pixels_do_not_count():
    void = np.zeros((40, 50), bool)
    void[:, 15:20] = True
    assert region(square(10), square(10, size=10) & ~void, void) == 1.0


def test_a_boundary_within_the_tolerance_matches_and_beyond_it_does_not():
    # 40 x 50 has a tolerance of one pixel.
    assert contour(square(11), square(10)) == 1.0
    assert contour(square(16), square(10)) < 0.7


def test_the_border_rule():
    full = np.ones((4, 5), bool)
    assert not boundary(full).any()
    half = full.copy()
    half[:, 3:] = False
    assert boundary(half)[:, 2].all() and not boundary(half)[-1, -1]


def test_decay_is_right_beyond_256_frames_and_the_official_one_is_not():
    falling = list(np.linspace(1, 0, 400))
    summary = summarise(falling)
    assert summary.decay == pytest.approx(0.75, abs=0.01)
    assert abs(summary.official_decay - 0.75) > 0.1 or np.isnan(summary.official_decay)
    short = summarise(falling[:80])
    assert short.decay == short.official_decay
    assert summarise([0.4, 0.6]).recall == 0.5


def test_agreement_with_vos_benchmark():
    utils = pytest.importorskip("vos_benchmark.evaluator", reason="needs vos-benchmark")
    random = np.random.default_rng(0)
    for _ in range(20):
        coarse = random.random((6, 8))
        truth = np.kron(coarse > 0.6, np.ones((9, 11))).astype(bool)
        predicted = np.roll(truth, random.integers(-3, 4, 2), (0, 1)) ^ (
            random.random((54, 88)) > 0.99
        )
        evaluator = utils.Evaluator(boundary=0.008)
        evaluator.feed_frame(predicted.astype(np.uint8), truth.astype(np.uint8))
        iou, boundary_f = evaluator.conclude()
        assert region(predicted, truth) == pytest.approx(iou[1] / 100, abs=1e-6)
        assert contour(predicted, truth) == pytest.approx(boundary_f[1] / 100, abs=1e-6)
