"""A budget of milliseconds per step: learned stage times decide what is left out, in one order.

First the refiner, then a new measurement of depth, then most of the pages, then the picture's
detail: what the masks can best do without goes first. Decisions are taken stage by stage, with the
time that is really left: one slow stage is made up for by the next ones, and where time is left
after all, a later stage gets it.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from vidmem.types import MemoryView, Number, Recall, Skipped, Tier

ORDER: tuple[Skipped, ...] = ("refine", "depth", "pages", "detail")
"""What is left out first comes first."""
STAGES = ("encode", "segment", "depth", "refine", "remember")
LIGHTENS: dict[str, Skipped] = {
    "encode": "detail", "segment": "pages", "depth": "depth", "refine": "refine"
}  # fmt: skip
"""By stage: what makes it lighter."""
STAGE_OF = {what: stage for stage, what in LIGHTENS.items()}
RATE = 0.15
"""Weight of the newest time in the moving mean and deviation."""
DEVIATIONS = 1.25
"""How far above its mean the rest of a step is expected to be: mean deviations (Jacobson, 1988), of
stages that are slow one by one, not together."""
LIGHTER = 0.5
"""Of a stage's time, while its lighter form was never measured."""
FORGIVENESS = 0.97
"""A form that was left out is expected a little cheaper every time, so that it is tried again."""
NOTICEABLE = 0.02
"""Share of the deadline: nothing is made worse to save less."""
PAGES = 2
"""Pages per object that are read when pages are left out."""


@dataclass(frozen=True, slots=True)
class Form:
    """Of a stage: what its time depends on."""

    stage: str
    light: bool
    phase: int


class StageTimes:
    """Moving mean and deviation of every stage and form. Learned, not part of the state.

    Args:
        deadline_ms: of a step; 0 for none.
        clock: seconds that never go back.
    """

    def __init__(
        self, deadline_ms: Number = 0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.deadline_ms = deadline_ms
        self.clock = clock
        self._known: dict[Form, tuple[float, float]] = {}
        self._forgiven: dict[Form, float] = {}

    def learn(self, form: Form, milliseconds: Number) -> None:
        """One more measurement; after a while without one, the first counts alone."""
        if self._forgiven.pop(form, 1.0) < 1 or form not in self._known:
            self._known[form] = (float(milliseconds), 0.0)
            return
        mean, deviation = self._known[form]
        deviation += RATE * (abs(milliseconds - mean) - deviation)
        self._known[form] = (mean + RATE * (milliseconds - mean), deviation)

    def forgive(self, form: Form) -> None:
        """It was left out once more."""
        self._forgiven[form] = FORGIVENESS * self._forgiven.get(form, 1.0)

    def expected(self, stages: Iterable[Form]) -> float:
        """Milliseconds that they will hardly exceed; 0 for what was never measured."""
        means, deviations = zip((0.0, 0.0), *map(self._usual, stages), strict=True)
        return float(sum(means)) + DEVIATIONS * math.hypot(*deviations)

    def saved(self, light: Form) -> float | None:
        """Milliseconds by which it is usually shorter than the full form; None: not yet known."""
        full = replace(light, light=False)
        return self._usual(full)[0] - self._usual(light)[0] if full in self._known else None

    def _usual(self, form: Form) -> tuple[float, float]:
        """Mean and deviation."""
        full = self._forgiving(replace(form, light=False))
        if not form.light:
            return full
        if form in self._known:
            return min(full, self._forgiving(form))
        return LIGHTER * full[0], LIGHTER * full[1]

    def _forgiving(self, form: Form) -> tuple[float, float]:
        mean, deviation = self._known.get(form, (0.0, 0.0))
        share = self._forgiven.get(form, 1.0)
        return share * mean, share * deviation


class Turn:
    """One step against the clock: times its stages and says what to leave out.

    Args:
        times: what earlier steps took.
        possible: what this step could do without.
        phase: depth is measured in turns; the same phase costs the same.
    """

    def __init__(self, times: StageTimes, *, possible: set[Skipped], phase: int) -> None:
        self.milliseconds: dict[str, float] = {}
        self.skipped: tuple[Skipped, ...] = ()
        self._times = times
        self._possible = possible
        self._phase = phase
        self._start = times.clock()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what happens inside, and learn it."""
        start = self._times.clock()
        yield
        taken = 1000 * (self._times.clock() - start)
        self.milliseconds[stage] = taken
        form = self._form(stage, self.skipped)
        self._times.learn(form, taken)
        if form.light:
            self._times.forgive(replace(form, light=False))

    def skips(self, what: Skipped) -> bool:
        """Whether to leave it out, asked just before its stage."""
        if what not in self._possible or what not in self._plan():
            return False
        self.skipped = (*self.skipped, what)
        return True

    @property
    def late_ms(self) -> float:
        """Over the deadline until now; 0 where there is none."""
        deadline = self._times.deadline_ms
        return max(0.0, self._elapsed() - deadline) if deadline > 0 else 0.0

    def _elapsed(self) -> float:
        return 1000 * (self._times.clock() - self._start)

    def _plan(self) -> tuple[Skipped, ...]:
        """The fewest of ``ORDER`` with which what is still to do fits; all where nothing does."""
        if self._times.deadline_ms <= 0:
            return ()
        left = self._times.deadline_ms - self._elapsed()
        order = tuple(what for what in ORDER if self._is_worth_it(what))
        for count in range(len(order) + 1):
            if self._remaining(order[:count]) <= left:
                return order[:count]
        return order

    def _is_worth_it(self, what: Skipped) -> bool:
        """It saves a noticeable part of the deadline, or nobody knows yet."""
        saved = self._times.saved(self._form(STAGE_OF[what], (what,)))
        return saved is None or saved > NOTICEABLE * self._times.deadline_ms

    def _remaining(self, skipped: tuple[Skipped, ...]) -> float:
        to_do = (stage for stage in STAGES if stage not in self.milliseconds)
        return self._times.expected(self._form(stage, skipped) for stage in to_do)

    def _form(self, stage: str, skipped: tuple[Skipped, ...]) -> Form:
        light = LIGHTENS.get(stage) in self._possible.intersection(skipped)
        return Form(stage, light, self._phase if stage == "depth" else 0)


def fewer_pages(recall: Recall) -> Recall:
    """The same memory with a short page table: the first pinned and the newest pages."""
    views = {
        kind: _shortened(view) if kind == "object" else view for kind, view in recall.views.items()
    }
    return replace(recall, views=views)


def _shortened(view: MemoryView) -> MemoryView:
    table = view.pages.table[:, :PAGES].clone().fill_(-1)
    ages: list[tuple[int, ...]] = []
    tiers: list[tuple[Tier, ...]] = []
    for row, (old, tier) in enumerate(zip(view.ages, view.tiers, strict=True)):
        newest = list(range(1, len(old)))[-(PAGES - 1) :]
        kept = [0, *newest] if old else []
        for column, i in enumerate(kept):
            table[row, column] = view.pages.table[row, i]
        ages.append(tuple(old[i] for i in kept))
        tiers.append(tuple(tier[i] for i in kept))
    pages = replace(view.pages, table=table)
    return replace(view, pages=pages, ages=tuple(ages), tiers=tuple(tiers))
