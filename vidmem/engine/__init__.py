"""The product: frames in, masks and depth out."""

from vidmem.engine.engine import Engine
from vidmem.engine.loading import load

__all__ = ["Engine", "load"]
