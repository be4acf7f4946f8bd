"""An engine under asyncio."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from vidmem.types import Frame, Prompt, Result

Prompts = Mapping[int, Sequence[Prompt]]


@runtime_checkable
class Steps(Protocol):
    """What is streamed: an :class:`vidmem.Engine`."""

    def step(self, frame: Frame, prompts: Sequence[Prompt] = ()) -> Result:
        """Push one frame."""
        ...

    def run(self, frames: Iterable[Frame], prompts: Prompts | None = None) -> Iterator[Result]:
        """Pull frames."""
        ...


async def stream(
    engine: Steps, frames: Iterable[Frame] | AsyncIterable[Frame], prompts: Prompts | None = None
) -> AsyncIterator[Result]:
    """Results as they come; one step at a time, in a thread of the event loop's pool.

    Cancelling does not stop a step that has begun: it ends in its thread, unheard.
    """
    if isinstance(frames, AsyncIterable):
        waiting = dict(prompts or {})
        async for frame in frames:
            yield await asyncio.to_thread(engine.step, frame, waiting.pop(frame.index, ()))
        await asyncio.to_thread(_drain, engine, waiting)
        return
    results = engine.run(frames, prompts)
    while (result := await asyncio.to_thread(next, results, None)) is not None:
        yield result


def _drain(engine: Steps, waiting: Prompts) -> None:
    """Prompts that are left over are refused in the words of ``run``."""
    list(engine.run((), waiting))
