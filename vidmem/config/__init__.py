"""The only list of knobs, and how settings are read."""

from vidmem.config.knobs import (
    FAMILIES,
    Config,
    DepthConfig,
    Family,
    MemoryConfig,
    RefineConfig,
    RuntimeConfig,
    TrackerConfig,
)
from vidmem.config.reading import check_config, config_from, config_of, flatten, settings_of

__all__ = [
    "FAMILIES",
    "Config",
    "DepthConfig",
    "Family",
    "MemoryConfig",
    "RefineConfig",
    "RuntimeConfig",
    "TrackerConfig",
    "check_config",
    "config_from",
    "config_of",
    "flatten",
    "settings_of",
]
