"""Follow objects and measure depth through endless video, in constant memory."""

from vidmem.cameras import load_cameras
from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.errors import VidmemError
from vidmem.protocols import DepthBase, Refiner, Sink, Source, Tracker
from vidmem.sinks import open_sinks
from vidmem.sources import open_source
from vidmem.sources.latest import Latest
from vidmem.types import Depth, Frame, Intrinsics, Masks, ObjectState, Position, Prompt, Result

__all__ = [
    "Config",
    "Depth",
    "DepthBase",
    "Engine",
    "Frame",
    "Intrinsics",
    "Latest",
    "Masks",
    "ObjectState",
    "Position",
    "Prompt",
    "Refiner",
    "Result",
    "Sink",
    "Source",
    "Tracker",
    "VidmemError",
    "load",
    "load_cameras",
    "open_sinks",
    "open_source",
]
