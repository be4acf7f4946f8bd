"""Follow objects and measure depth through endless video, in constant memory."""

from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.errors import VidmemError
from vidmem.protocols import DepthBase, Refiner, Sink, Source, Tracker
from vidmem.sinks import open_sinks
from vidmem.sources import open_source
from vidmem.types import Depth, Frame, Intrinsics, Masks, ObjectState, Prompt, Result

__all__ = [
    "Config",
    "Depth",
    "DepthBase",
    "Engine",
    "Frame",
    "Intrinsics",
    "Masks",
    "ObjectState",
    "Prompt",
    "Refiner",
    "Result",
    "Sink",
    "Source",
    "Tracker",
    "VidmemError",
    "load",
    "open_sinks",
    "open_source",
]
