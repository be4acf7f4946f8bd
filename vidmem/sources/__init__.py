"""Where frames come from: files, image folders, cameras, streams, arrays, standard input."""

from vidmem.sources.annotations import read_annotations
from vidmem.sources.latest import Latest
from vidmem.sources.opening import open_source

__all__ = ["Latest", "open_source", "read_annotations"]
