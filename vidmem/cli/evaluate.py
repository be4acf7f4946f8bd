"""``vidmem eval``: how good it is, by the official protocols."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.evaluation.ablation import ablate as ablation
from vidmem.evaluation.ablation import parts_of
from vidmem.evaluation.davis import evaluate_davis
from vidmem.evaluation.depth_protocol import evaluate_depth
from vidmem.evaluation.prompts import evaluate_prompts
from vidmem.evaluation.proposals import evaluate_proposals
from vidmem.evaluation.report import table
from vidmem.evaluation.sequences import LabelledVideo


def eval_davis(
    *,
    root: Path,
    sequences: tuple[str, ...] | None = None,
    ablate: str = "",
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Masks: J and F on a DAVIS tree or a folder of <sequence>/images and masks.

    Args:
        root: the data.
        sequences: only these.
        ablate: parts to leave out one by one, such as policy,refine,refresh: what each is worth.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)

    def evaluate(make: Callable[[], Engine]) -> dict[str, Any]:
        return evaluate_davis(root, make_engine=make, sequences=sequences, track=_tracker(output))

    if not ablate:
        return _finish(evaluate(_maker(config)), output)
    parts = parts_of(ablate)
    report = ablation(config, parts, load=lambda each: load(config=each), evaluate=evaluate)
    return _finish(report, output)


def eval_prompts(
    *,
    root: Path,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """First masks: mean IoU after a box, one click and three clicks.

    Args:
        root: the data, as for ``eval davis``.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    return _finish(
        evaluate_prompts(root, make_engine=_maker(config), track=_tracker(output)), output
    )


def eval_proposals(
    *,
    root: Path,
    most: int = 10,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Objects that nobody pointed at (``--auto``): best IoU among the first proposals.

    Args:
        root: the data, as for ``eval davis``.
        most: proposals per picture.
        output: how to talk.
    """
    return _finish(evaluate_proposals(root, most=most, track=_tracker(output)), output)


def eval_depth(
    *,
    root: Path,
    poses: bool = False,
    single_frame: bool = False,
    skip: int = 16,
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Depth: accuracy and steadiness against measured depth.

    Args:
        root: a folder of images, depth, poses and K.txt.
        poses: give the poses to the engine, so that depth is in metres.
        single_frame: start the engine anew at every frame: what one picture alone tells.
        skip: frames at the start that do not count.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    make = _maker(config)
    report = evaluate_depth(
        root, make_engine=make, poses=poses, skip=skip, single_frame=single_frame
    )
    return _finish(report, output)


def _maker(config: Config) -> Callable[[], Engine]:
    return lambda: load(config=config)


def _tracker(
    output: Output,
) -> Callable[[Sequence[LabelledVideo]], Iterable[LabelledVideo]]:
    console = output.console()
    return lambda videos: track(videos, "sequences", console=console, transient=True)


def _finish(report: Mapping[str, Any], output: Output) -> int:
    output.console().print(table(report))
    output.finish(report)
    return 0
