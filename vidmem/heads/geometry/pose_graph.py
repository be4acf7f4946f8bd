"""A graph of remembered keyframes: where each camera stood and how long its unit was.

Nodes are similarities. Neighbours in time are held together as they stand; where an old place is
seen again, what was measured there pulls, and the error is spread over the way between (the
essential graph of Mur-Artal et al., ORB-SLAM, 2015, with one more number per node for the unit, as
in Strasdat et al., RSS 2010).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

DOUBTS = np.array([0.01] * 3 + [0.03] * 3 + [0.03])
"""Standard deviations between neighbours after ``TRAVEL_PX``: radians, units, log of the unit."""
TRAVEL_PX = 300.0
LITTLE = 1e-7
SURE = 0.2
"""Those of a measured loop, as a share of ``DOUBTS``."""


@dataclass(frozen=True, slots=True, eq=False)
class Similarities:
    """Poses, camera to world, and how many units of the world one unit of each camera is."""

    turn: Float[np.ndarray, "n 3 3"]
    place: Float[np.ndarray, "n 3"]
    log_unit: Float[np.ndarray, " n"]

    def at(self, rows: Int[np.ndarray, " m"] | slice) -> "Similarities":
        """Some of them."""
        return Similarities(self.turn[rows], self.place[rows], self.log_unit[rows])

    def seen_from(self, other: "Similarities") -> "Similarities":
        """These in the cameras and units of ``other``, one by one."""
        back = other.turn.transpose(0, 2, 1)
        apart = (back @ (self.place - other.place)[..., None])[..., 0]
        shrink = np.exp(-other.log_unit)[:, None]
        return Similarities(back @ self.turn, shrink * apart, self.log_unit - other.log_unit)

    def moved(self, step: Float[np.ndarray, "n 7"]) -> "Similarities":
        """Turned, shifted and stretched a little."""
        turn = Rotation.from_rotvec(step[:, :3]).as_matrix() @ self.turn
        return Similarities(turn, self.place + step[:, 3:6], self.log_unit + step[:, 6])


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """What is known of pairs of nodes."""

    start: Int[np.ndarray, " m"]
    end: Int[np.ndarray, " m"]
    measured: Similarities
    """The ends, seen from the starts."""
    doubts: Float[np.ndarray, "m 7"]
    """Standard deviations, as ``DOUBTS``."""


def chain(nodes: Similarities, travel_px: Float[np.ndarray, " n"]) -> Edges:
    """Neighbours as they stand; the longer the way between, the softer."""
    start = np.arange(len(nodes.place) - 1)
    measured = nodes.at(start + 1).seen_from(nodes.at(start))
    length = np.sqrt(np.maximum(np.diff(travel_px), 1.0) / TRAVEL_PX)
    return Edges(start, start + 1, measured, length[:, None] * DOUBTS)


def solve(nodes: Similarities, edges: Edges) -> Similarities:
    """Nodes that agree best with the edges, by least squares; the first one stays where it is."""

    def steps(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros((1, 7)), x.reshape(-1, 7)])

    def residuals(x: np.ndarray) -> np.ndarray:
        return _errors(nodes, edges, steps(x)).ravel()

    def jacobian(x: np.ndarray) -> np.ndarray:
        whole = _slopes(nodes, edges, steps(x))
        return whole.reshape(7 * len(edges.start), -1)[:, 7:]

    start = np.zeros(7 * (len(nodes.place) - 1))
    close = {"ftol": 1e-4, "xtol": 1e-4, "x_scale": 0.01}
    return nodes.moved(steps(least_squares(residuals, start, jacobian, method="lm", **close).x))


def _errors(
    nodes: Similarities,
    edges: Edges,
    steps: Float[np.ndarray, "n 7"],
    *,
    start: Float[np.ndarray, " 7"] | float = 0.0,
    end: Float[np.ndarray, " 7"] | float = 0.0,
) -> Float[np.ndarray, "m 7"]:
    """Of every edge in standard deviations, with its start and its end moved a little more."""
    begins = nodes.at(edges.start).moved(steps[edges.start] + start)
    ends = nodes.at(edges.end).moved(steps[edges.end] + end)
    errors: np.ndarray = difference(ends.seen_from(begins), edges.measured) / edges.doubts
    return errors


def _slopes(
    nodes: Similarities, edges: Edges, steps: Float[np.ndarray, "n 7"]
) -> Float[np.ndarray, "m 7 n 7"]:
    """How errors change with steps. Edges see two nodes only: 14 differences tell all of it."""
    slopes = np.zeros((len(edges.start), 7, len(nodes.place), 7))
    rows, usual = np.arange(len(edges.start)), _errors(nodes, edges, steps)
    for i, little in enumerate(LITTLE * np.eye(7)):
        moved = _errors(nodes, edges, steps, start=little)
        slopes[rows, :, edges.start, i] = (moved - usual) / LITTLE
        moved = _errors(nodes, edges, steps, end=little)
        slopes[rows, :, edges.end, i] = (moved - usual) / LITTLE
    return slopes


def difference(these: Similarities, those: Similarities) -> Float[np.ndarray, "m 7"]:
    """One by one: axis times sine of the turn between them, shift, log of the unit."""
    turn = those.turn.transpose(0, 2, 1) @ these.turn
    result = np.empty((len(turn), 7))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        result[:, i] = (turn[:, k, j] - turn[:, j, k]) / 2
    result[:, 3:6] = these.place - those.place
    result[:, 6] = these.log_unit - those.log_unit
    return result


def joined(one: Similarities, other: Similarities) -> Similarities:
    """One after the other."""
    return Similarities(
        np.concatenate([one.turn, other.turn]),
        np.concatenate([one.place, other.place]),
        np.concatenate([one.log_unit, other.log_unit]),
    )
