"""Where frames come from: files, image folders, cameras, streams, arrays, standard input."""

from vidmem.sources.latest import Latest
from vidmem.sources.opening import open_source

__all__ = ["Latest", "open_source"]
