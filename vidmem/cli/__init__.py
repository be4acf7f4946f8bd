"""The command line."""

from vidmem.cli.main import main

__all__ = ["main"]
