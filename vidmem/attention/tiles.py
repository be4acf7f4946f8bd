"""How much of the work one Triton program takes: sizes by reasoning about H100 and A100."""

from dataclasses import dataclass
from functools import cache

import torch


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows and tokens a program holds at once, its warps, and loads in flight."""

    rows: int
    tokens: int
    warps: int
    stages: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on."""

    multiprocessors: int
    large_shared: bool
    """227 KB of shared memory per program (sm_90 on) rather than 99 to 163."""
    interpreted: bool


INTERPRETED = Machine(multiprocessors=8, large_shared=False, interpreted=True)
_SMALL = Tile(32, 16, 4, 1)
"""For the interpreter: small shapes still have several blocks of each kind."""


@cache
def machine(device: torch.device) -> Machine:
    """The GPU, or the interpreter on the CPU."""
    if device.type != "cuda":
        return INTERPRETED
    found = torch.cuda.get_device_properties(device)
    return Machine(found.multi_processor_count, found.major in (9, 10), interpreted=False)


def block_width(width: int) -> int:
    """The next power of two; tensor cores want 16 at least."""
    return max(16, 1 << (width - 1).bit_length())


def forward_tile(key: int, value: int, itemsize: int, at: Machine) -> Tile:
    """For the answer and for token mass: queries stay, keys and values pass.

    128 rows feed two groups of four warps with 64 rows each, what one sm_90 matrix instruction
    takes. Shared memory holds the queries and ``stages`` tiles of keys and values: 192 KB for 256
    wide bfloat16. Without that much room, fewer rows and tokens. Float32 keeps three tf32 products
    in registers, which bounds its tiles.
    """
    if at.interpreted:
        return _SMALL
    width = max(block_width(key), block_width(value))
    if itemsize == 4:
        return {128: Tile(32, 32, 8, 2), 256: Tile(16, 32, 8, 1)}.get(width, Tile(32, 32, 4, 2))
    if width <= 64:
        return Tile(128, 64, 4, 3)
    if width == 128:
        return Tile(128, 64, 8, 3 if at.large_shared else 2)
    return Tile(128, 64, 8, 2) if at.large_shared else Tile(64, 32, 8, 2)


def backward_tile(key: int, value: int, itemsize: int, at: Machine) -> Tile:
    """For gradients: up to two accumulators and four operands at once."""
    if at.interpreted:
        return _SMALL
    width = max(block_width(key), block_width(value))
    if itemsize == 4:
        return Tile(32, 32, 4, 1) if width <= 64 else Tile(16, 16, 8, 1)
    if width <= 64:
        return Tile(64, 64, 4, 2)
    return Tile(64, 64, 8, 1) if width == 128 else Tile(32, 64 if at.large_shared else 32, 8, 1)


def page_parts(programs: int, slots: int, at: Machine) -> int:
    """Into how many parts to cut the page table so that few queries still fill the GPU.

    The fewest parts that minimise rounds of programs times pages per program, with a fiftieth of a
    page for every part's share of putting the answers together (flash-decoding).
    """

    def cost(parts: int) -> float:
        span = -(-slots // parts)
        return -(-programs * parts // at.multiprocessors) * span + parts / 50

    return min(range(1, min(slots, 64) + 1), key=cost, default=1)
