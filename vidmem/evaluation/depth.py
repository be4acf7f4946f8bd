"""Depth metrics over a whole video, from sums: nothing is kept per pixel.

Formulas: Eigen et al. 2014 (d1-d3, AbsRel, RMSE, SILog). Alignment is least squares in
inverse depth as in Video Depth Anything (Chen et al. 2025), one solution per video or per frame.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

Map = Float[np.ndarray, "height width"]
CAP_M = 10.0
"""Aligned depth is clipped to this, as usual indoors: a shift can turn far pixels negative."""
NEAREST_M = 1e-3


def predicted(inverse: Map) -> Bool[np.ndarray, "height width"]:
    """Where there is a prediction: finite and positive."""
    found: Bool[np.ndarray, "height width"] = np.isfinite(inverse) & (inverse > 0)
    return found


@dataclass(slots=True)
class Fit:
    """Least squares of ``truth = scale * inverse + shift`` in inverse depth, from sums."""

    sums: np.ndarray = field(default_factory=lambda: np.zeros(5))

    def add(self, inverse: Map, truth_m: Map) -> None:
        """Pixels with a prediction and a truth (> 0) count."""
        use = predicted(inverse) & (truth_m > 0)
        x, y = inverse[use].astype(np.float64), 1 / truth_m[use].astype(np.float64)
        self.sums += (len(x), x.sum(), y.sum(), x @ x, x @ y)

    def scale_and_shift(self) -> tuple[float, float]:
        """Both; scale only where the predictions do not vary, 1 and 0 where there are none."""
        n, x, y, xx, xy = self.sums
        spread = n * xx - x * x
        if spread <= 1e-9 * n * xx:
            return self.scale(), 0.0
        scale = (n * xy - x * y) / spread
        return float(scale), float((y - scale * x) / n)

    def scale(self) -> float:
        """Scale without a shift."""
        return float(self.sums[4] / self.sums[3]) if self.sums[3] else 1.0


def aligned_depth(inverse: Map, scale: float, shift: float) -> Map:
    """Metres, NaN where there is no prediction."""
    moved = scale * inverse.astype(np.float64) + shift
    depth = np.clip(1 / np.maximum(moved, 1 / CAP_M), NEAREST_M, CAP_M)
    metres: Map = np.where(predicted(inverse), depth, np.nan)
    return metres


@dataclass(slots=True)
class Errors:
    """Sums of the errors over all pixels of all frames."""

    valid: int = 0
    covered: int = 0
    within: np.ndarray = field(default_factory=lambda: np.zeros(3))
    sums: np.ndarray = field(default_factory=lambda: np.zeros(4))

    def add(
        self, depth_m: Map, truth_m: Map, where: Bool[np.ndarray, "height width"] | None = None
    ) -> None:
        """NaN means nothing was predicted; truth counts where > 0 and ``where``."""
        valid = truth_m > 0 if where is None else (truth_m > 0) & where
        use = valid & np.isfinite(depth_m)
        mine, truth = depth_m[use].astype(np.float64), truth_m[use].astype(np.float64)
        ratio = np.maximum(mine / truth, truth / mine)
        log = np.log(mine / truth)
        self.valid += int(valid.sum())
        self.covered += len(mine)
        self.within += [(ratio < 1.25**k).sum() for k in (1, 2, 3)]
        difference = mine - truth
        self.sums += (abs(difference / truth).sum(), difference @ difference, log.sum(), log @ log)

    def report(self) -> dict[str, float | None]:
        """d1-d3 over all valid pixels: one without a prediction is wrong.

        abs_rel, rmse (m) and silog (x 100) are over the pixels with a prediction, ``coverage`` is
        their share. None where nothing could be counted.
        """
        names = ("d1", "d2", "d3", "abs_rel", "rmse", "silog", "coverage")
        if not self.valid:
            return dict.fromkeys(names)
        shares = [float(share) for share in self.within / self.valid]
        if not self.covered:
            return dict(zip(names, (*shares, None, None, None, 0.0), strict=True))
        relative, square, log, log_square = (float(s) for s in self.sums / self.covered)
        silog = 100 * float(np.sqrt(max(0.0, log_square - log * log)))
        share = self.covered / self.valid
        return dict(
            zip(names, (*shares, relative, float(np.sqrt(square)), silog, share), strict=True)
        )


def spread(scales: list[float]) -> float | None:
    """scale_std: standard deviation of the per-frame scales over their mean."""
    return float(np.std(scales) / np.mean(scales)) if scales and np.mean(scales) else None
