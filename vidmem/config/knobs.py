"""The only list of knobs: nested frozen dataclasses. YAML files hold differences to them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

Family = Literal[
    "nano",
    "sam2.1-tiny-hq",
    "sam2.1-small-hq",
    "sam2.1-base-plus-hq",
    "sam2.1-large-hq",
]
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
    latest: int = 0
    """Of the recent pages, how many are the newest frames; the others keep to the stride."""
    long_term: int = 6
    """Long-term pages per object."""
    distractors: int = 0
    """Pages per object of frames in which something beside it could be meant as well."""
    pointers: int = 15
    """Recent object pointers (SAM 2.1), one for every frame."""
    skip_empty: bool = True
    """smart: write no page while the object is absent or occluded."""
    reliability: bool = True
    """smart: write no page of a mask that cannot be trusted, or of an unusual area."""
    diversity: bool = True
    """smart: keep in the long term only what the kept pages do not show already."""
    relevance: bool = True
    """smart: the long-term page least read leaves (off: the oldest)."""
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
    """How the tracker sees. Which knobs count depends on the family."""

    working_pixels: int = 103_680
    """nano: size of the working image (432 x 240); the aspect ratio is the video's."""
    image_size: int = 1024
    """SAM 2.1: side of the square that frames are resized to, a multiple of 32."""
    checkpoint: str = ""
    """SAM 2.1: a file with the weights; empty: where ``vidmem weights fetch`` put it."""
    refresh: bool = True
    """nano: learn how objects look from confident frames too, not only from prompts."""
    prompts: Literal["closed-form", "nano"] = "nano"
    """nano: a small network corrects the closed form's answer to a box."""
    long_term_codes: bool = False
    """SAM 2.1: give long-term pages the temporal code of prompted frames."""


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
    camera_height_m: float = 0.0
    """Of the camera over the ground, to get metres without poses; 0: unknown."""
    mono: Literal["off", "nano"] = "nano"
    """nano: a small network guesses depth from one picture until the camera has moved."""
    memory: Literal["off", "nano"] = "nano"
    """nano: a small network steadies depth by tokens of earlier frames (MAMo-style)."""
    update: Literal["off", "gate", "gradient"] = "gate"
    """With a memory: how its tokens move after they were read; gradient is slow and errs more."""
    object_height_m: float = 0.0
    """Of object 1, to get metres without poses; 0: unknown."""


@dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """Coarse masks to sharp ones."""

    by: Literal["plain", "edges", "nano", "sam-hq"] = "nano"
    """plain: enlarged. edges: along the picture's edges, without weights. nano: the same after a
    small network corrected what the embedded tracker says. sam-hq: by SAM-HQ."""
    size: Literal["tiny", "b", "l", "h"] = "tiny"
    """SAM-HQ: of its image encoder."""
    checkpoint: str = ""
    """SAM-HQ: a file with the weights; empty: where ``vidmem weights fetch`` put it."""
    when: Literal["always", "every", "unsure"] = "always"
    """SAM-HQ: in all frames, in every n-th, or where a mask is not trusted."""
    every: int = 5
    """Frames between refined ones, with ``when: every``."""
    select: Literal["appearance", "score"] = "appearance"
    """SAM-HQ: its mask by appearance, agreement and score, or by its own score alone."""
    feedback: bool = True
    """SAM-HQ: accepted masks teach the appearance that the next ones are chosen by."""
    write_back: bool = False
    """SAM-HQ: masks that pass a stricter gate go into the tracker's memory."""


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """How it runs."""

    threads: int = 1
    """Threads for torch and OpenCV, set by the command line only; 0: one per core. nano's steps are
    too short to share: two are no faster, and many times slower beside other programs."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where SAM 2.1 runs; the memory stays with the CPU."""
    deadline_ms: float = 0.0
    """Of a step; 0 for none. Near it, quality goes: refinement, new depth, pages, detail."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that changes what comes out."""

    family: Family = "nano"
    """Which models read the memory."""
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    depth: DepthConfig = field(default_factory=DepthConfig)
    refine: RefineConfig = field(default_factory=RefineConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)

    def hash(self) -> str:
        """Twelve hex digits that name this configuration; threads do not change results."""
        values = asdict(self)
        del values["runtime"]
        if self.runtime.deadline_ms:
            values["deadline_ms"] = self.runtime.deadline_ms
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
