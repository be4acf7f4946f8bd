"""What the memory for depth is worth: the same base and weights, each time with one thing changed.

python tools/eval_depth_memory.py DATA --rows base,tokens,no-tokens,no-displacement,gate,gradient

DATA is a folder as for ``vidmem eval depth``. The base answers once; every row gets its answers.
"""

import argparse
import json
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn

from vidmem.config import Config
from vidmem.engine import load
from vidmem.evaluation.depth_protocol import evaluate_depth
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.learned_weights import MEMORY, SHIPPED_MEMORY, read_weights
from vidmem.heads.memory_depth import MemoryDepth
from vidmem.heads.memory_look import Memorised
from vidmem.heads.memory_motion import Maps, Seen
from vidmem.heads.memory_network import Answer, MemoryNetwork
from vidmem.protocols import DepthBase
from vidmem.types import Depth, Features, Frame, Masks, Recall

ROWS = ("base", "tokens", "no-tokens", "no-displacement", "gate", "gradient")
FIGURES = ("d1", "abs_rel", "tae", "opw", "fps")


class Once:
    """A base that answers every frame once: what is built on it does not change it."""

    def __init__(self, base: DepthBase) -> None:
        self._base = base
        self._known: dict[int, Depth] = {}

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """As the base the first time."""
        if frame.index not in self._known:
            self._known[frame.index] = self._base.estimate(frame, features, recall, masks)
        return self._known[frame.index]


class WithoutTokens(MemoryNetwork):
    """Nothing is remembered but the decoder's features."""

    def forward(self, seen: Seen, memory: Memorised, decoded: Maps | None) -> Answer:
        """As with an empty memory."""
        return super().forward(seen, Memorised.nothing(len(memory.points)), decoded)


def visual_only(_: nn.Module, __: object, told: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The second half of the heads reads displacement tokens: visual disagreement stands there."""
    visual, other = told[0].chunk(2, 2)
    other = torch.cat([visual[..., :1], torch.zeros_like(other[..., 1:])], -1)
    return torch.cat([visual, other], 2), told[1]


def network_of(row: str, weights: Path) -> MemoryNetwork:
    """Trained, with the row's part left out."""
    network = WithoutTokens() if row == "no-tokens" else MemoryNetwork()
    if row == "no-displacement":
        network.look.register_forward_hook(visual_only)
    network.load_state_dict(read_weights(weights, MEMORY)[0])
    return network.eval().requires_grad_(False)


def main() -> None:
    """Read the command line, print one JSON line per row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--weights", type=Path, default=SHIPPED_MEMORY)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    base = Once(GeometricDepth(Config().depth))
    for row in given.rows.split(","):
        head: DepthBase = base
        if row != "base":
            update = row if row in ("gate", "gradient") else "off"
            head = MemoryDepth(base, network_of(row, given.weights), update=update)
        report = evaluate_depth(given.root, make_engine=lambda head=head: load(depth=head))
        print(json.dumps({"row": row, **{name: report[name] for name in FIGURES}}), flush=True)


if __name__ == "__main__":
    main()
