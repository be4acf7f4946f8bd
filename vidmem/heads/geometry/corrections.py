"""What has been corrected of remembered keyframes: where each one stood, how long its unit was.

Keyframes themselves never change; this is carried from frame to frame beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int

from vidmem.heads.geometry.camera import rigid
from vidmem.heads.geometry.pose_graph import Similarities, joined
from vidmem.types import Keyframe, State

PREFIX = "graph."


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """Corrected keyframes, by index."""

    index: Int[np.ndarray, " n"]
    nodes: Similarities

    @classmethod
    def empty(cls) -> "Corrections":
        """Nothing has been corrected."""
        nothing = Similarities(np.zeros((0, 3, 3)), np.zeros((0, 3)), np.zeros(0))
        return cls(np.zeros(0, np.int64), nothing)

    @classmethod
    def read(cls, state: State) -> "Corrections":
        """From a depth's state."""
        if f"{PREFIX}index" not in state:
            return cls.empty()
        turn, place, unit = (state[f"{PREFIX}{name}"].numpy() for name in ("turn", "place", "unit"))
        return cls(state[f"{PREFIX}index"].numpy(), Similarities(turn, place, unit))

    def written(self) -> dict[str, torch.Tensor]:
        """For a depth's state; empty where nothing has been corrected."""
        if not len(self.index):
            return {}
        values = (self.index, self.nodes.turn, self.nodes.place, self.nodes.log_unit)
        names = ("index", "turn", "place", "unit")
        return {f"{PREFIX}{n}": torch.from_numpy(v) for n, v in zip(names, values, strict=True)}

    def corrected(self, keyframe: Keyframe) -> Keyframe:
        """With its pose, depth and variance in the unit that the video has now."""
        rows = np.flatnonzero(self.index == keyframe.card.index)
        if not len(rows):
            return keyframe
        row = int(rows[0])
        longer = float(np.exp(self.nodes.log_unit[row]))
        pose = rigid(self.nodes.turn[row], self.nodes.place[row])
        state = {
            **keyframe.state,
            "pose": torch.from_numpy(pose),
            "inverse": keyframe.state["inverse"] / longer,
            "variance": keyframe.state["variance"] / longer**2,
        }
        return replace(keyframe, state=state)

    def within(self, kept: Sequence[Keyframe]) -> "Corrections":
        """Of these only: what is forgotten needs no correction."""
        rows = np.flatnonzero(np.isin(self.index, [k.card.index for k in kept]))
        return Corrections(self.index[rows], self.nodes.at(rows))

    def changed(self, keyframes: Sequence[Keyframe], nodes: Similarities) -> "Corrections":
        """With ``nodes`` for ``keyframes``; their units are told in the video's unit so far."""
        index = np.array([k.card.index for k in keyframes], np.int64)
        known = dict(zip(self.index.tolist(), self.nodes.log_unit.tolist(), strict=True))
        units = nodes.log_unit + np.array([known.get(i, 0.0) for i in index.tolist()])
        rows = np.flatnonzero(~np.isin(self.index, index))
        return Corrections(
            np.concatenate([self.index[rows], index]),
            joined(self.nodes.at(rows), replace(nodes, log_unit=units)),
        )
