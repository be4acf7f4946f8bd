"""How many pages the byte budget buys."""

from collections.abc import Mapping

from vidmem.config import MemoryConfig
from vidmem.errors import ConfigError
from vidmem.memory.pages import Pool
from vidmem.types import PageShape

POOL_SHARE = 0.6
"""Of the budget; the rest is for keyframes, statistics, the previous step and snapshots."""


def pages_per_object(config: MemoryConfig) -> int:
    """Most pages one object holds: prompts, recent, long-term, and one while it is written."""
    return 1 + config.corrections + config.recent + config.long_term + 1


def make_pools(shapes: Mapping[str, PageShape], config: MemoryConfig) -> dict[str, Pool]:
    """One pool per kind of stream. Together they stay within their share of the budget.

    Raises:
        ConfigError: not even one object's pages fit.
    """
    per_object = pages_per_object(config)
    # Pages that only a snapshot still holds need room too: one more per object and snapshot.
    wanted = config.objects * (per_object + config.snapshots)
    bytes_each = sum(shape.bytes for shape in shapes.values())
    affordable = int(config.budget_mb * 2**20 * POOL_SHARE) // max(1, bytes_each)
    if shapes and affordable < per_object:
        needed = per_object * bytes_each / POOL_SHARE / 2**20
        raise ConfigError(
            f"A memory of {config.budget_mb} MB cannot hold one object; {needed:.0f} MB can.",
            remedy=f"Use --memory.budget-mb {needed:.0f} or more, or a smaller working size.",
        )
    return {kind: Pool(shape, min(wanted, affordable)) for kind, shape in shapes.items()}
