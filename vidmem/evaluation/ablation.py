"""What each part is worth: the same sequences again, each time without one of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, cast, get_args

from vidmem.config import Config
from vidmem.engine import Engine
from vidmem.errors import ConfigError

Part = Literal["policy", "refine", "selection", "feedback", "refresh", "absence", "depth-for-masks"]
PARTS: tuple[Part, ...] = get_args(Part)


def parts_of(text: str) -> tuple[Part, ...]:
    """Parts named with commas between them.

    Raises:
        ConfigError: there is no such part.
    """
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ConfigError(
            f"There is no part {unknown[0]!r} to leave out.",
            remedy=f"There is: {', '.join(PARTS)}.",
        )
    return tuple(cast(Part, name) for name in names)


def without(config: Config, part: Part) -> Config | None:
    """The configuration without one part; None where it has none.

    policy: the latest pages instead of chosen ones. refine: along edges instead of SAM-HQ or nano,
    plainly enlarged instead of along edges. selection: SAM-HQ's own score. feedback: only coarse
    masks teach. refresh: only prompts teach. absence: absent, occluded and doubtful objects are
    remembered too. depth-for-masks: no depth, which tells hidden from lost.
    """
    memory = config.memory
    changed = {
        "policy": lambda: replace(config, memory=replace(memory, policy="fifo")),
        "refine": lambda: _coarser(config),
        "selection": lambda: replace(config, refine=replace(config.refine, select="score")),
        "feedback": lambda: replace(config, refine=replace(config.refine, feedback=False)),
        "refresh": lambda: replace(config, tracker=replace(config.tracker, refresh=False)),
        "absence": lambda: replace(
            # What is absent is doubtful too: one rule alone changes nothing.
            config,
            memory=replace(memory, skip_empty=False, reliability=False),
        ),
        "depth-for-masks": lambda: replace(config, depth=replace(config.depth, enabled=False)),
    }[part]()
    unread = (part in ("selection", "feedback") and config.refine.by != "sam-hq") or (
        part == "refresh" and config.family != "nano"
    )
    return None if unread or changed == config else changed


def ablate(
    config: Config,
    parts: Sequence[Part],
    *,
    load: Callable[[Config], Engine],
    evaluate: Callable[[Callable[[], Engine]], dict[str, Any]],
) -> dict[str, Any]:
    """One evaluation of everything, and one without each of ``parts``.

    Args:
        config: everything.
        parts: what to leave out, one by one.
        load: makes an engine.
        evaluate: runs it over the data; gives ``JF`` and ``fps``.

    Returns:
        Per part ``JF``, ``gain`` (of having it), ``fps`` and the most bytes a memory held; an
        empty row for a part that the configuration does not have.

    Raises:
        ConfigError: the configuration has none of ``parts``.
    """
    configs = {part: without(config, part) for part in parts}
    if not any(configs.values()):
        raise ConfigError(
            f"This configuration is without {', '.join(parts)} already.",
            remedy=f"Choose among: {', '.join(p for p in PARTS if without(config, p))}.",
        )
    whole = _row(config, load, evaluate)
    rows = {"everything": whole}
    for part, changed in configs.items():
        row = _row(changed, load, evaluate) if changed else {}
        gain = {"gain": whole["JF"] - row["JF"]} if row else {}
        rows[f"without {part}" if row else f"{part}: not there"] = row | gain
    return {"sequences": rows, "config_hash": config.hash()}


def _coarser(config: Config) -> Config:
    by: Any = {"sam-hq": "edges", "nano": "edges", "edges": "plain", "plain": "plain"}[
        config.refine.by
    ]
    return replace(config, refine=replace(config.refine, by=by))


def _row(
    config: Config,
    load: Callable[[Config], Engine],
    evaluate: Callable[[Callable[[], Engine]], dict[str, Any]],
) -> dict[str, float]:
    engines: list[Engine] = []

    def make() -> Engine:
        engines.append(load(config))
        return engines[-1]

    report = evaluate(make)
    held = max(engine.memory.bytes for engine in engines)
    return {"JF": report["JF"], "fps": report["fps"], "memory_mb": held / 2**20}
