"""The only list of knobs: nested frozen dataclasses. YAML files hold differences to them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args, get_type_hints

from vidmem.errors import ConfigError

Family = Literal["nano"]
FAMILIES: tuple[str, ...] = get_args(Family)


@dataclass(frozen=True, kw_only=True)
class MemoryConfig:
    """What is remembered, and how much of it."""

    budget_mb: int = 256
    """Bytes for pages, keyframes, statistics and snapshots together. Never exceeded."""
    policy: Literal["smart", "fifo", "every-k"] = "smart"
    """smart: reliable, new, useful. fifo: the latest (SAM 2). every-k: a fixed schedule (XMem)."""
    objects: int = 16
    """Most objects at once; rooms are made at the first frame."""
    recent: int = 3
    """Recent pages per object."""
    stride: int = 5
    """Frames between recent pages."""
    long_term: int = 6
    """Long-term pages per object."""
    corrections: int = 4
    """Corrected frames kept for ever, beside the first prompt."""
    keyframes: int = 24
    """Most keyframes the scene stream keeps."""
    snapshot_every: int = 25
    """Frames between the snapshots that ``correct`` goes back to."""
    snapshots: int = 8
    """Most snapshots at once."""


@dataclass(frozen=True, kw_only=True)
class TrackerConfig:
    """The embedded tracker (nano)."""

    working_pixels: int = 103_680
    """Size of the working image (432 x 240); the aspect ratio is the video's."""


@dataclass(frozen=True, kw_only=True)
class DepthConfig:
    """The embedded depth (geometry from remembered keyframes)."""

    enabled: bool = True
    """Measure depth at all."""
    field_of_view_degrees: float = 60.0
    """Assumed horizontal field of view where the camera is unknown."""
    every: int = 2
    """Frames between looks at remembered keyframes."""
    partners: int = 1
    """Keyframes looked at each time."""


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """How it runs."""

    threads: int = 2
    """Threads for torch and OpenCV, set by the command line only."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that changes what comes out."""

    family: Family = "nano"
    """Which models read the memory."""
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    depth: DepthConfig = field(default_factory=DepthConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)

    def hash(self) -> str:
        """Twelve hex digits that name this configuration; threads do not change results."""
        values = asdict(self)
        del values["runtime"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def config_from(values: Mapping[str, Any]) -> Config:
    """A configuration from nested values: differences to the defaults.

    Raises:
        ConfigError: an unknown name, with the nearest known one.
    """
    known = flatten(asdict(Config()))
    given = flatten(values)
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise ConfigError(f"There is no setting {name!r}.", remedy=f"Perhaps {close!r}?")
    config = Config()
    for name, value in given.items():
        _check_value(name, value, config)
        section, _, knob = name.rpartition(".")
        if section:
            changed = replace(getattr(config, section), **{knob: value})
            config = replace(config, **{section: changed})
        else:
            config = replace(config, **{knob: value})
    return check_config(config)


def _check_value(name: str, value: object, config: Config) -> None:
    """Refuse a value of another type than the knob's, or another choice."""
    section, _, knob = name.rpartition(".")
    hint = get_type_hints(type(getattr(config, section) if section else config))[knob]
    allowed = get_args(hint)
    if (allowed and value in allowed) or (not allowed and type(value) is hint):
        return
    if hint is float and type(value) is int:
        return
    wanted = " or ".join(map(str, allowed)) if allowed else hint.__name__
    raise ConfigError(f"{name} is {value!r}.", remedy=f"Write {wanted}.")


def check_config(config: Config, family: str | None = None) -> Config:
    """The configuration, for ``family`` where one is named.

    Raises:
        ConfigError: an unknown family, or a number outside its range.
    """
    if family not in (None, *FAMILIES):
        close = get_close_matches(str(family), FAMILIES, n=1, cutoff=0.0)
        raise ConfigError(
            f"There is no family {family!r}; there is: {', '.join(FAMILIES)}.",
            remedy=f"Try {close[0]!r}.",
        )
    for section in ("memory", "tracker", "runtime"):
        for name, value in asdict(getattr(config, section)).items():
            if isinstance(value, int) and not isinstance(value, bool) and value < 1:
                raise ConfigError(
                    f"{section}.{name} is {value}; it must be at least 1.",
                    remedy=f"Leave --{section}.{name.replace('_', '-')} out for the default.",
                )
    return config if family is None else replace(config, family=cast("Family", family))
