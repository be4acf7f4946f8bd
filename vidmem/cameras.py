"""Several cameras in one process: one engine each, shared models, one byte budget."""

from collections.abc import Sequence
from dataclasses import replace

from vidmem.config import Config, MemoryConfig, check_config, config_of
from vidmem.engine import Engine
from vidmem.errors import ConfigError
from vidmem.memory import Memory
from vidmem.models import build_models
from vidmem.protocols import DepthBase, Tracker


def load_cameras(
    names: Sequence[str],
    family: str | None = None,
    *,
    config: Config | None = None,
    tracker: Tracker | None = None,
    depth: DepthBase | None = None,
) -> dict[str, Engine]:
    """One engine per camera. They may run in threads of their own: nothing they share changes.

    Args:
        names: of the cameras, all different.
        family: as for :func:`vidmem.load`.
        config: every knob; ``memory.budget_mb`` is for all cameras together, in equal parts.
        tracker: your own, instead of the family's.
        depth: your own, instead of the family's.

    Raises:
        ConfigError: no cameras, a name twice, or less than 1 MB for each.
    """
    if not names or len(set(names)) < len(names):
        raise ConfigError(
            f"The cameras are {list(names)}; each needs a name of its own.",
            remedy="Give at least one name, and none twice.",
        )
    config = check_config(config, family) if config else config_of(family or "nano")
    share = replace(config, memory=split_budget(config.memory, len(names)))
    models = build_models(share, tracker=tracker, depth=depth)
    return {name: Engine(models, Memory(share.memory), share) for name in names}


def split_budget(memory: MemoryConfig, cameras: int) -> MemoryConfig:
    """What each of ``cameras`` gets of one budget.

    Raises:
        ConfigError: less than 1 MB.
    """
    share = memory.budget_mb // cameras
    if share < 1:
        raise ConfigError(
            f"{memory.budget_mb} MB are too few for {cameras} cameras.",
            remedy=f"Use --memory.budget-mb {16 * cameras} or more.",
        )
    return replace(memory, budget_mb=share)
