"""The only list of knobs: nested frozen dataclasses. YAML files hold differences to them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

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
