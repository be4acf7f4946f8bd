"""Metres per unit of the scene, gathered over time from whatever tells them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

FORGETTING = 0.98
"""Share of what was gathered that counts at the next observation: the unit drifts a little."""
LIKELY = (0.02, 50.0)
"""One observation over what is known already: the rest are mistakes."""


class Metres(NamedTuple):
    """A least-squares ratio, as its two sums."""

    metres: float = 0.0
    units: float = 0.0

    @property
    def known(self) -> bool:
        """Whether anything told them."""
        return self.units > 0

    @property
    def per_unit(self) -> float:
        """Metres per unit, 1 where nothing is known."""
        return self.metres / self.units if self.units > 0 else 1.0

    def told(self, per_unit: float | None, *, weight: float = 1.0) -> "Metres":
        """With one more observation; None and nonsense change nothing."""
        if per_unit is None or not (np.isfinite(per_unit) and per_unit > 0 and weight > 0):
            return self
        if self.known and not LIKELY[0] < per_unit / self.per_unit < LIKELY[1]:
            return self
        metres = FORGETTING * self.metres + weight * per_unit
        return Metres(metres, FORGETTING * self.units + weight)

    def in_unit(self, longer: float) -> "Metres":
        """The same distances when numbers of units become ``longer`` times as large."""
        return Metres(self.metres / longer, self.units)

    def travelled(
        self,
        own: Float[np.ndarray, "4 4"],
        given: Float[np.ndarray, "4 4"],
        others: Iterable[tuple[Float[np.ndarray, "4 4"], Float[np.ndarray, "4 4"]]],
    ) -> "Metres":
        """From poses, by least squares of given shift = metres per unit x own shift.

        Scalar products, not lengths: the noise of given poses makes every shift longer, but has no
        direction (Umeyama, 1991).

        Args:
            own: camera to world of this frame, in units.
            given: the same in metres.
            others: own and given poses of remembered frames.
        """
        turn = given[:3, :3] @ own[:3, :3].T
        along = square = 0.0
        for other, known in others:
            shift = turn @ (own[:3, 3] - other[:3, 3])
            metres = given[:3, 3] - known[:3, 3]
            if np.isfinite(metres).all():
                along += float(shift @ metres)
                square += float(shift @ shift)
        return self.told(along / square, weight=square) if square > 1e-12 else self
