"""Options that several commands share."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import cv2
import torch
import tyro
from rich.console import Console

from vidmem.cli.pipes import PipedConsole
from vidmem.config import Config


@dataclass(frozen=True, kw_only=True)
class Output:
    """How a command talks."""

    quiet: bool = False
    """No progress bar and no summary."""
    json: bool = False
    """Print one JSON object on one line as the last line of standard output."""

    def console(self) -> Console:
        """For people: standard error, so that standard output stays clean."""
        return PipedConsole(stderr=True, quiet=self.quiet)

    def finish(self, summary: Mapping[str, object]) -> None:
        """For programs."""
        if self.json:
            PipedConsole(soft_wrap=True, highlight=False).out(json.dumps(summary))


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which frames, and how large."""

    every: int = 1
    """Use every n-th frame."""
    size: tuple[int, int] | None = None
    """Width and height to resize frames to."""
    start: float | None = None
    """Skip what is earlier, in seconds."""
    end: float | None = None
    """Stop here, in seconds."""


Flat = tyro.conf.arg(name="")
"""Options without a prefix."""
OutputOptions = Annotated[Output, Flat]
PartOptions = Annotated[Part, Flat]
ConfigOptions = Annotated[Config, Flat]


def use_threads(threads: int) -> None:
    """Threads for this process, 0: one per core. Only commands do this: a library must not."""
    count = threads or os.cpu_count() or 1
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
