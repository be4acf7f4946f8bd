"""What other threads ask of an engine: answered with the next step."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType

from vidmem.errors import VidmemError
from vidmem.types import Prompt, Result

Check = Callable[[Sequence[Prompt]], tuple[Prompt, ...]]
Waiting = tuple[Sequence[Prompt], "Future[Result]"]


class Requests:
    """A queue of prompts; any thread puts, the engine's thread takes."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()  # its ends are safe between threads

    def put(self, prompts: Sequence[Prompt]) -> "Future[Result]":
        """Ask; the answer holds the next step's result, or why it cannot be done."""
        answer: Future[Result] = Future()
        self._waiting.append((tuple(prompts), answer))
        return answer

    def take(self, prompts: Sequence[Prompt], check: Check) -> "Asked":
        """Everything that waits and fits, after the step's own ``prompts``.

        Raises:
            PromptError: the step's own prompts do not fit.
            ObjectError: there is no room for them.
        """
        checked = check(prompts)
        accepted, answers = list(prompts), []
        while self._waiting:
            more, answer = self._waiting.popleft()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                checked = check([*accepted, *more])
            except VidmemError as error:
                answer.set_exception(error)
            else:
                accepted += more
                answers.append(answer)
        return Asked(checked, answers)


class Asked:
    """The prompts of one step, and who waits for its result."""

    def __init__(self, prompts: tuple[Prompt, ...], answers: Sequence["Future[Result]"]) -> None:
        self.prompts = prompts
        self._answers = answers

    def answer(self, result: Result) -> None:
        """Tell everybody."""
        for answer in self._answers:
            answer.set_result(result)

    def __enter__(self) -> "Asked":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """A step that failed has failed for everybody."""
        for answer in self._answers:
            if error is not None and not answer.done():
                answer.set_exception(error)
