"""Where results go: videos, masks, depth, lines of JSON. Written in a thread, renamed when done."""

from vidmem.sinks.opening import SINKS, open_sinks

__all__ = ["SINKS", "open_sinks"]
