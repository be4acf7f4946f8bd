"""Any depth network, asked bit by bit: each part as soon as what it needs is known."""

from collections.abc import Callable
from functools import partial

from vidmem.protocols import BeginsDepth, CarriesDepth, DepthBase
from vidmem.types import Depth, Features, Frame, Masks, Recall


def begin_depth(
    depth: DepthBase, frame: Frame, recall: Recall, *, carried: bool
) -> Callable[[Features], Callable[[Masks], Depth]]:
    """What needs neither features nor masks, where the network can; to be called with both.

    Args:
        depth: any of the protocols for depth.
        frame: the current one.
        recall: what the memory knows.
        carried: without a new measurement, where the network can.
    """
    if isinstance(depth, BeginsDepth):
        return depth.begin(frame, recall, carried=carried)
    ask = depth.carry if carried and isinstance(depth, CarriesDepth) else depth.estimate
    return lambda features: partial(ask, frame, features, recall)
