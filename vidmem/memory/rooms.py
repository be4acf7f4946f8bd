"""How many pages the byte budget buys."""

from collections.abc import Mapping

from vidmem.config import MemoryConfig
from vidmem.errors import ConfigError
from vidmem.memory.pages import Pool
from vidmem.types import PageShape

POOL_SHARE = 0.6
"""Of the budget; the rest is for keyframes, statistics, the previous step and snapshots."""


def recent_pages(config: MemoryConfig, kind: str) -> int:
    """Pages of an object that are no prompts and no corrections."""
    if kind == "pointer":
        return config.pointers
    return config.recent + config.long_term + config.distractors


def pages_per_object(config: MemoryConfig, kind: str = "object") -> int:
    """Most pages one object holds (or the scene): all kinds, and one while it is written."""
    if kind == "scene":
        return config.keyframes + 1
    return 1 + config.corrections + recent_pages(config, kind) + 1


def make_pools(shapes: Mapping[str, PageShape], config: MemoryConfig) -> dict[str, Pool]:
    """One pool per kind of stream. Together they stay within their share of the budget.

    Raises:
        ConfigError: not even one object's pages fit.
    """
    per_object = {kind: pages_per_object(config, kind) for kind in shapes}
    # Pages that only a snapshot still holds need room too: one more per object and snapshot, and
    # all of the pointers and of the scene, for those may change with every frame.
    spare = {"pointer": config.pointers, "scene": config.keyframes}
    wanted = {
        kind: (1 if kind == "scene" else config.objects)
        * (per_object[kind] + config.snapshots * spare.get(kind, 1))
        for kind in shapes
    }
    room = int(config.budget_mb * 2**20 * POOL_SHARE)
    total = sum(wanted[kind] * shape.bytes for kind, shape in shapes.items())
    capacity = {kind: pages * min(room, total) // max(1, total) for kind, pages in wanted.items()}
    if any(capacity[kind] < per_object[kind] for kind in shapes):
        one = sum(per_object[kind] * shape.bytes for kind, shape in shapes.items())
        needed = -(-one // (POOL_SHARE * 2**20))
        raise ConfigError(
            f"A memory of {config.budget_mb} MB cannot hold one object; {needed:.0f} MB can.",
            remedy=f"Use --memory.budget-mb {needed:.0f} or more, or a smaller working size.",
        )
    return {kind: Pool(shape, capacity[kind]) for kind, shape in shapes.items()}
