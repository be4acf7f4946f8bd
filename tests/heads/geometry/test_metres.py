import numpy as np
import pytest

from vidmem.heads.geometry.metres import Metres


def pose(shift, angle=0.0):
    c, s = np.cos(angle), np.sin(angle)
    result = np.eye(4)
    result[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    result[:3, 3] = shift
    return result


def test_nothing_known_is_one():
    assert Metres().per_unit == 1
    assert not Metres().known


def test_poses_in_another_world_give_the_ratio():
    random = np.random.default_rng(0)
    own = [pose(random.normal(size=3)) for _ in range(6)]
    turn = pose(np.zeros(3), 1.0)
    given = [turn @ pose(0.4 * p[:3, 3]) for p in own]
    told = Metres().travelled(own[0], given[0], zip(own[1:], given[1:], strict=True))
    assert told.per_unit == pytest.approx(0.4)


def test_noise_of_given_poses_does_not_lengthen_them():
    random = np.random.default_rng(1)
    own = [pose([0.02 * i, 0, 0]) for i in range(200)]
    given = [pose(p[:3, 3] + random.normal(0, 0.1, 3)) for p in own]
    told = Metres()
    for i in range(20, 200):
        told = told.travelled(own[i], given[i], list(zip(own[:i], given[:i], strict=True)))
    assert told.per_unit == pytest.approx(1, abs=0.05)


def test_nonsense_changes_nothing():
    told = Metres().told(2.0)
    for wrong in (None, float("nan"), -1.0, float("inf"), 2000.0):
        assert told.told(wrong) == told
    broken = np.full((4, 4), np.nan)
    assert told.travelled(np.eye(4), np.eye(4), [(pose([1, 0, 0]), broken)]) == told


def test_metres_stay_when_the_unit_changes():
    told = Metres().told(3.0)
    assert told.in_unit(2.0).per_unit == pytest.approx(1.5)
    assert told.in_unit(2.0).known
