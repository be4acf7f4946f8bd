"""Depth metrics: hand-computed cases."""

import numpy as np
import pytest

from vidmem.evaluation.depth import CAP_M, Errors, Fit, aligned_depth, spread


def row(*values):
    return np.array([values], np.float32)


def test_errors_by_hand_and_a_missing_pixel_is_wrong():
    errors = Errors()
    errors.add(row(1, 2.6, np.nan, 5), row(1, 2, 3, 0))
    report = errors.report()
    assert report["d1"] == pytest.approx(1 / 3)  # 1.3 lies between 1.25 and 1.25^2
    assert report["d2"] == report["d3"] == pytest.approx(2 / 3)
    assert report["coverage"] == pytest.approx(2 / 3)
    assert report["abs_rel"] == pytest.approx(0.15)
    assert report["rmse"] == pytest.approx(np.sqrt(0.36 / 2))
    assert report["silog"] == pytest.approx(100 * np.log(1.3) / 2)


def test_nothing_predicted_and_nothing_to_count():
    errors = Errors()
    errors.add(row(np.nan, np.nan), row(1, 2))
    assert errors.report()["d1"] == errors.report()["coverage"] == 0.0
    assert errors.report()["rmse"] is None
    assert Errors().report()["d1"] is None


def test_fit_finds_scale_and_shift_and_leaves_out_what_was_not_predicted():
    truth = row(1, 2, 4, 8, 3, 0)
    inverse = (1 / np.maximum(truth, 1e-3) + 0.25) / 2
    inverse[0, 4:] = (-1, np.inf)
    fit = Fit()
    fit.add(inverse.astype(np.float32), truth)
    assert fit.scale_and_shift() == pytest.approx((2, -0.25), abs=1e-5)
    depth = aligned_depth(inverse, *fit.scale_and_shift())
    assert depth[0, :4] == pytest.approx([1, 2, 4, 8], rel=1e-4)
    assert np.isnan(depth[0, 4:]).all()


def test_scale_alone_and_a_constant_prediction():
    fit = Fit()
    fit.add(row(1, 2), row(0.5, 0.25))
    assert fit.scale() == pytest.approx(2)
    flat = Fit()
    flat.add(row(1, 1), row(1, 0.5))
    assert flat.scale_and_shift() == pytest.approx((1.5, 0))
    assert Fit().scale_and_shift() == (1.0, 0.0)


def test_a_shift_below_zero_means_far():
    assert aligned_depth(row(0.1), 1.0, -0.5)[0, 0] == CAP_M


def test_spread_of_scales():
    assert spread([1.0, 3.0]) == pytest.approx(0.5)
    assert spread([]) is None
