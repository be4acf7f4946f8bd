"""Depth of a video against measured depth, under four alignments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Float32

from vidmem.config import Config
from vidmem.errors import SourceError
from vidmem.evaluation.depth import Errors, Fit, aligned_depth, spread
from vidmem.evaluation.depth_videos import DepthVideo, read_depth_video
from vidmem.evaluation.steadiness import alignment_error, warping_error
from vidmem.sources.images import read_image
from vidmem.types import Depth, Frame, Prompt, Result

Map = Float[np.ndarray, "height width"]
ALIGNMENTS = ("video", "frame", "scale", "none")


@runtime_checkable
class Stepper(Protocol):
    """What an engine must do to be measured."""

    config: Config

    def step(self, frame: Frame, prompts: Sequence[Prompt] = ()) -> Result:
        """The answer for one frame."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Depth per frame at working size (None: none was given) and the seconds all steps took."""

    depths: tuple[Depth | None, ...]
    seconds: float

    def inverse(self, index: int, shape: tuple[int, int]) -> Map:
        """At the truth's size, NaN where there was no answer."""
        depth = self.depths[index]
        return (
            np.full(shape, np.nan, np.float32) if depth is None else _resized(depth.inverse, shape)
        )


def evaluate_depth(
    root: Path,
    *,
    make_engine: Callable[[], Stepper],
    poses: bool = False,
    skip: int = 16,
    single_frame: bool = False,
) -> dict[str, Any]:
    """Headline figures use one scale and shift per video; the rest stands under ``alignments``.

    Args:
        root: a folder as :func:`read_depth_video` reads it. The engine gets its intrinsics.
        make_engine: a fresh engine.
        poses: give the engine the poses too.
        skip: so many first frames do not count.
        single_frame: a fresh engine for every frame: depth without memory.

    Raises:
        SourceError: the data cannot be read, or nothing is left to count.
    """
    video = read_depth_video(root)
    if not 0 <= skip < len(video.images) or (poses and video.poses is None):
        raise SourceError(
            f"{root} has {len(video.images)} frames, {skip} skipped, "
            f"poses {'missing' if video.poses is None else 'present'}.",
            remedy="Skip fewer frames than there are, and ask for poses only where they exist.",
        )
    answers = _answers(video, make_engine, poses, single_frame)
    whole, per_frame = _fits(video, answers, skip)
    scores = _scores(video, answers, skip, whole, per_frame)
    reports = {name: scores[name].report() for name in ALIGNMENTS}
    return {
        **reports["video"],
        **_steadiness(video, answers, skip, whole.scale_and_shift()),
        "scale_std": spread([fit.scale() for fit in per_frame if fit.sums[0]]),
        "confident_d1": scores["confident"].report()["d1"],
        "alignments": reports,
        "frames": len(video.images) - skip,
        "fps": len(video.images) / max(1e-9, answers.seconds),
        "config_hash": make_engine().config.hash(),
    }


def _answers(
    video: DepthVideo, make_engine: Callable[[], Stepper], poses: bool, single_frame: bool
) -> Answers:
    engine, seconds, depths = make_engine(), 0.0, []
    for frame in video.frames(poses=poses):
        engine = make_engine() if single_frame and frame.index else engine
        start = perf_counter()
        result = engine.step(frame)
        seconds += perf_counter() - start
        depths.append(result.depth)
    return Answers(tuple(depths), seconds)


def _fits(video: DepthVideo, answers: Answers, skip: int) -> tuple[Fit, list[Fit]]:
    whole, per_frame = Fit(), []
    for index in range(skip, len(video.images)):
        truth, fit = video.depth_m(index), Fit()
        fit.add(answers.inverse(index, truth.shape), truth)
        whole.sums += fit.sums
        per_frame.append(fit)
    return whole, per_frame


def _scores(
    video: DepthVideo, answers: Answers, skip: int, whole: Fit, per_frame: Sequence[Fit]
) -> dict[str, Errors]:
    scores = {name: Errors() for name in (*ALIGNMENTS, "confident")}
    trusted = [d.confidence for d in answers.depths[skip:] if d is not None]
    median = float(np.median(np.stack(trusted))) if trusted else 0.0
    for index, fit in enumerate(per_frame, start=skip):
        truth = video.depth_m(index)
        inverse = answers.inverse(index, truth.shape)
        moves = (whole.scale_and_shift(), fit.scale_and_shift(), (whole.scale(), 0.0), (1.0, 0.0))
        for name, move in zip(ALIGNMENTS, moves, strict=True):
            scores[name].add(aligned_depth(inverse, *move), truth)
        depth = answers.depths[index]
        if depth is not None:
            sure = _resized(depth.confidence, truth.shape) > median
            scores["confident"].add(aligned_depth(inverse, *moves[0]), truth, sure)
    return scores


def _steadiness(
    video: DepthVideo, answers: Answers, skip: int, move: tuple[float, float]
) -> dict[str, float | None]:
    """TAE in percent, None without poses; OPW of the aligned inverse depth."""
    projection, warping = [], []
    previous: tuple[np.ndarray, Map] | None = None
    for index in range(skip, len(video.images)):
        image = read_image(video.images[index])
        depth = aligned_depth(answers.inverse(index, image.shape[:2]), *move)
        if previous is not None:
            warping.append(warping_error((previous[0], 1 / previous[1]), (image, 1 / depth)))
            if video.poses is not None:
                pair = (video.poses[index - 1], video.poses[index])
                projection.append(alignment_error(previous[1], depth, video.intrinsics, pair))
        previous = image, depth
    return {
        "tae": 50 * float(np.mean(projection)) if projection else None,
        "opw": float(np.mean(warping)) if warping else None,
    }


def _resized(values: Float32[np.ndarray, "rows columns"], shape: tuple[int, int]) -> Map:
    resized: Map = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return resized
