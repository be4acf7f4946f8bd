"""A second core for what need not wait for the first."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch


class Beside:
    """One function that is given what it needs bit by bit, and works in between, in a thread.

    Every call returns what is to be called next. An error is raised where the result is asked for.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="vidmem")
        self._last: Future[Any]

    def begin(self, function: Callable[..., Any], *known: object, **options: object) -> None:
        """Call it, in the thread."""
        self._last = self._pool.submit(_call, function, *known, **options)

    def go_on(self, known: object) -> None:
        """Call what came of it, in the thread, when it is there."""
        before = self._last
        self._last = self._pool.submit(lambda: _call(before.result(), known))

    def result(self) -> Any:
        """What came of it at last."""
        return self._last.result()


@torch.no_grad()
def _call(function: Callable[..., Any], *known: object, **options: object) -> Any:
    """Gradients are a matter of each thread."""
    return function(*known, **options)
