"""Builds and loads the parts of a family."""

from vidmem.models.parts import Models, build_models

__all__ = ["Models", "build_models"]
