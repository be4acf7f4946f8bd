"""What is read by another program, which may stop reading: ``vidmem --help | head -3``."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

UNREAD = 141
"""Exit code: 128 and the number of SIGPIPE, which ends other tools here."""
STREAMS = (1, 2)
"""File descriptors of standard output and standard error."""


class PipedConsole(Console):
    """A console that leaves a closed pipe to :func:`quiet_when_unread`."""

    def on_broken_pipe(self) -> None:
        """Called while the error is handled; rich itself would exit with 1."""
        raise


@contextmanager
def quiet_when_unread() -> Iterator[None]:
    """End the process with :data:`UNREAD` once what it prints has no reader.

    Python ignores SIGPIPE. Its default would be simpler, but would also kill a process that writes
    to a camera or a worker that is gone: those errors are left as they are.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        closed = _unread()
        if not closed:
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in closed:  # what is still buffered is flushed at exit
            os.dup2(nowhere, stream)
        raise SystemExit(UNREAD) from None


def _unread() -> list[int]:
    """Those of :data:`STREAMS` that are pipes without a reader."""
    watch = select.poll()
    for stream in STREAMS:
        watch.register(stream, 0)  # errors are told in any case
    return [stream for stream, event in watch.poll(0) if event & (select.POLLERR | select.POLLHUP)]
