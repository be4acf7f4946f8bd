"""Where results go: videos, masks, depth, lines of JSON. Written in a thread, renamed when done."""

from vidmem.sinks.depth_picture import DepthPainter
from vidmem.sinks.drawing import draw_objects
from vidmem.sinks.opening import SINKS, open_sinks
from vidmem.sinks.palette import display_palette

__all__ = ["SINKS", "DepthPainter", "display_palette", "draw_objects", "open_sinks"]
