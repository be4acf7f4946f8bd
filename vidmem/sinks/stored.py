"""What every sink of this package can do beyond the protocol: stop and go on."""

from collections.abc import Mapping
from typing import Any, Protocol

from vidmem.protocols import Sink

State = Mapping[str, Any]
"""JSON values only."""


class StoredSink(Sink, Protocol):
    """A sink that a killed run can go on with."""

    def checkpoint(self) -> State:
        """Make all that was written so far last, and return what ``resume`` needs."""
        ...
