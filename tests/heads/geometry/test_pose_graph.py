"""A lap on a circle whose unit drifted: the loop takes the drift back."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vidmem.heads.geometry.pose_graph import DOUBTS, SURE, Edges, Similarities, chain, solve

COUNT = 13
DRIFT = -0.3


def lap():
    angle = np.linspace(0, 2 * np.pi, COUNT)
    turn = Rotation.from_rotvec(np.stack([0 * angle, angle, 0 * angle], 1)).as_matrix()
    place = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], 1)
    return Similarities(turn, place, np.zeros(COUNT))


def drifted(truth):
    """The same steps, each in a unit that is a little shorter than the one before."""
    steps = truth.at(slice(1, None)).seen_from(truth.at(slice(None, -1)))
    places = [truth.place[0]]
    for i in range(COUNT - 1):
        longer = np.exp(-DRIFT * i / (COUNT - 1))
        places.append(places[-1] + truth.turn[i] @ steps.place[i] * longer)
    return Similarities(truth.turn, np.stack(places), truth.log_unit)


def with_loop(nodes, way, truth):
    last, first = truth.at(slice(-1, None)), truth.at(slice(0, 1))
    seen = last.seen_from(first)
    return Edges(
        np.append(way.start, 0),
        np.append(way.end, COUNT - 1),
        Similarities(
            np.concatenate([way.measured.turn, seen.turn]),
            np.concatenate([way.measured.place, seen.place]),
            np.append(way.measured.log_unit, DRIFT),
        ),
        np.concatenate([way.doubts, SURE * DOUBTS[None]]),
    )


def test_what_agrees_stays():
    truth = lap()
    solved = solve(truth, chain(truth, 100.0 * np.arange(COUNT)))
    np.testing.assert_allclose(solved.place, truth.place, atol=1e-9)
    np.testing.assert_allclose(solved.log_unit, 0, atol=1e-9)


def test_a_loop_spreads_the_drift_evenly_over_the_way():
    truth = lap()
    nodes = drifted(truth)
    way = chain(nodes, 100.0 * np.arange(COUNT))
    solved = solve(nodes, with_loop(nodes, way, truth))
    assert solved.log_unit[-1] == pytest.approx(DRIFT, abs=0.02)
    np.testing.assert_allclose(solved.log_unit, np.linspace(0, DRIFT, COUNT), atol=0.03)
    assert np.abs(nodes.place - truth.place).max() > 0.2
    assert np.abs(solved.place - truth.place).max() < 0.05
    np.testing.assert_array_equal(solved.place[0], nodes.place[0])


def test_the_longer_the_way_the_more_of_the_error_it_takes():
    truth = lap()
    nodes = drifted(truth)
    travel = np.cumsum(np.where(np.arange(COUNT) == 6, 2000.0, 100.0))
    solved = solve(nodes, with_loop(nodes, chain(nodes, travel), truth))
    steps = np.abs(np.diff(solved.log_unit))
    assert np.argmax(steps) == 5
