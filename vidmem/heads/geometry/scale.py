"""One unit for the whole video: what a free scale must be so that it agrees with the memory."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

FEWEST = 50


class Tie(NamedTuple):
    """One opinion on a scale: its logarithm, and the variance of that."""

    log: float
    variance: float


def joined_scale(ties: Sequence[Tie | None], *, doubts: Sequence[float]) -> float | None:
    """The scale that several opinions agree on, each with a variance added; None without any."""
    given = [(t.log, 1 / (t.variance + d)) for t, d in zip(ties, doubts, strict=False) if t]
    if not given:
        return None
    logs, weights = np.array(given).T
    return float(np.exp((weights * logs).sum() / weights.sum()))


def log_scale(
    free: Float[np.ndarray, " n"],
    reference: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
) -> Tie | None:
    """Log of ``free / reference``: its weighted median, and how sure that is (a variance).

    None where fewer than 50 points can be compared.
    """
    usable = (free > 0) & (reference > 0) & (weights > 0)
    if usable.sum() < FEWEST:
        return None
    ratios = np.log(free[usable]) - np.log(reference[usable])
    middle = weighted_median(ratios, weights[usable])
    spread = 1.48 * weighted_median(np.abs(ratios - middle), weights[usable])
    # Neighbouring pixels err together: they count as about 50 independent ones.
    return Tie(middle, spread**2 / 50 + 1e-5)


def weighted_median(values: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"]) -> float:
    """The value with half of the weight on either side."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])
