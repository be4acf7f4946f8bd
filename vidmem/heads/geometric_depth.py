"""Depth from motion: geometry from remembered keyframes, one unit for the whole video."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32

from vidmem.config import DepthConfig
from vidmem.flow import warp
from vidmem.heads.geometry.beginning import begin, begin_early
from vidmem.heads.geometry.camera import shrunk
from vidmem.heads.geometry.closing import close_loop
from vidmem.heads.geometry.current import DARK, Current, known_of, still_pixels
from vidmem.heads.geometry.filling import fill, sure_pixels
from vidmem.heads.geometry.fusion import UNKNOWN, confidence_of, within
from vidmem.heads.geometry.looking import candidates, compare, looked, usable
from vidmem.heads.geometry.metres import Metres
from vidmem.heads.geometry.pending import look_back, written
from vidmem.heads.geometry.places import place_seen_again
from vidmem.heads.geometry.prior import vertical_prior
from vidmem.heads.geometry.standing import DOUBT, places_of, stand
from vidmem.heads.geometry.units import told_metres
from vidmem.heads.learned_depth import MonoDepth
from vidmem.types import Depth, Features, Frame, Keyframe, Masks, Recall

FAST_PX = 8.0
"""Motion since the last frame at which every frame is measured anew, and at once."""
RETURN_EVERY = 10
"""Frames between searches for a place that is seen again; between two looks, for even cost."""
STEADY = 0.8
"""Share of the previous guess that stays: a guess of every frame alone would flicker."""


class GeometricDepth:
    """Closed-form depth (a :class:`vidmem.DepthBase`): a pure function of its arguments.

    Inverse depth in a unit that a scene keeps (that of the guess before its first geometry, about
    1); in metres from when poses, range points, the camera's or an object's height tell them.

    Args:
        config: the knobs.
        mono: a guess from one picture, until the camera has moved. Without one: the lower, the
            nearer.
    """

    def __init__(self, config: DepthConfig, *, mono: MonoDepth | None = None) -> None:
        self._config = config
        self._mono = mono

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """Inverse depth at working size, its confidence, and what the next step needs."""
        return self.begin(frame, recall)(features)(masks)

    def carry(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """The previous depth brought along, without a look at remembered keyframes."""
        return self.begin(frame, recall, carried=True)(features)(masks)

    def begin(
        self, frame: Frame, recall: Recall, *, carried: bool = False
    ) -> Callable[[Features], Callable[[Masks], Depth]]:
        """First what the last comparisons show, and flow to keyframes for the next.

        Then all that needs no masks: objects are taken to be where they were.
        """
        if carried:
            return partial(self._go_on, frame, recall, None, True)
        recall = look_back(recall)
        early = None
        if recall.step % self._config.every == 0:
            degrees = self._config.field_of_view_degrees
            early = begin_early(frame, recall, field_of_view_degrees=degrees)
        early = early and self._compared_early(early, recall)
        return partial(self._go_on, frame, recall, early, False)

    def _compared_early(self, now: Current, recall: Recall) -> Current:
        """Not where the camera seems to have come back: the next step closes a loop instead."""
        kept, soon = usable(now, recall), (recall.step + 1) % RETURN_EVERY == RETURN_EVERY // 2
        return now if soon and _place(now, kept) else self._compared(now, kept)

    def _compared(self, now: Current, kept: Sequence[Keyframe]) -> Current:
        chosen = candidates(now, kept)[: self._config.partners] if now.grey.std() >= DARK else ()
        return replace(now, compared=tuple(compare(now, each) for each in chosen))

    def _go_on(
        self, frame: Frame, recall: Recall, early: Current | None, carried: bool, features: Features
    ) -> Callable[[Masks], Depth]:
        degrees = self._config.field_of_view_degrees
        now = begin(frame, features, recall, field_of_view_degrees=degrees)
        now = self._guessed(now, features, recall, carried=carried)
        kept = usable(now, recall)
        if not carried and recall.step % RETURN_EVERY == RETURN_EVERY // 2:
            now = _returned(now, kept)
            kept = usable(now, recall)
        fast = _is_fast(now, recall)
        if early is not None and early.scene == now.scene and np.array_equal(early.grey, now.grey):
            now = replace(now, compared=early.compared)
        elif not carried and (fast or recall.step % self._config.every == 0):
            now = self._compared(now, kept)
        if fast:
            now = replace(looked(now, now.compared), compared=())
        return partial(self._finish, now, kept, frame, features)

    def _finish(
        self, now: Current, kept: Sequence[Keyframe], frame: Frame, features: Features, masks: Masks
    ) -> Depth:
        now = replace(now, still=still_pixels(masks, now.inverse.shape))
        now = _finite(_placed(now, kept))
        fallback = vertical_prior(now.inverse.shape) * np.float32(np.median(now.inverse))
        filled = fill(now.inverse, now.variance, now.grey, still=now.still, fallback=fallback)
        places = places_of(masks, now.inverse.shape)
        sure = sure_pixels(now.inverse, now.variance, now.still)
        filled = stand(filled, places, measured=np.where(sure, now.inverse, 0).astype(np.float32))
        now = _with_movers(now, filled, places)
        if now.started and now.given is None:
            units = _answer(replace(now, metres=Metres()), filled)
            told = told_metres(units, frame, masks, self._config)
            now = replace(now, metres=now.metres.told(told))
        return _answer(now, filled)

    def _guessed(
        self, now: Current, features: Features, recall: Recall, *, carried: bool
    ) -> Current:
        """With a guess from this picture or the last ones, where geometry has not started."""
        if self._mono is None or now.started:
            return now
        guess = _carried_guess(now, features, recall)
        if guess is None or not (carried or recall.step % self._config.every):
            fresh = self._mono.guess(features.image, now.camera, now.inverse.shape)
            guess = fresh if guess is None else fresh + np.float32(STEADY) * (guess - fresh)
        return replace(now, inverse=guess, variance=(UNKNOWN * guess) ** 2)


def _carried_guess(
    now: Current, features: Features, recall: Recall
) -> Float32[np.ndarray, "h w"] | None:
    """The previous answer where flow puts it; None in a new scene."""
    before = recall.previous.depth if recall.previous else None
    if before is None or features.flow is None or before.scene != now.scene:
        return None
    last = before.state["inverse"].numpy()
    if last.shape != now.inverse.shape:
        return None
    offsets = shrunk(features.flow)
    carried = warp(last, offsets)
    guess: np.ndarray = np.where(within(offsets) & (carried > 0), carried, last)
    return guess


def _is_fast(now: Current, recall: Recall) -> bool:
    before = recall.previous.depth if recall.previous else None
    return before is not None and now.travel_px - before.travel_px > FAST_PX


def _place(now: Current, kept: Sequence[Keyframe]) -> Keyframe | None:
    known = [k for k in kept if bool(k.state["known"])]
    return place_seen_again(now.grey, now.travel_px, known) if now.started else None


def _returned(now: Current, kept: Sequence[Keyframe]) -> Current:
    """With loops closed, where the camera has come back."""
    place = _place(now, kept)
    known = [k for k in kept if bool(k.state["known"])]
    return now if place is None else close_loop(now, place, known)


def _placed(now: Current, kept: Sequence[Keyframe]) -> Current:
    """With what the given poses of remembered places say about metres."""
    if now.given is None or not now.started:
        return now
    known = [k.state for k in kept if bool(k.state["known"])]
    pairs = [(state["pose"].numpy(), state["given"].numpy()) for state in known]
    return replace(now, metres=now.metres.travelled(now.pose, now.given, pairs))


def _with_movers(
    now: Current, filled: Float32[np.ndarray, "h w"], places: Sequence[Bool[np.ndarray, "h w"]]
) -> Current:
    """What is carried on: objects are as far as they were made to stand, and that is a guess."""
    if not places:
        return now
    moves = np.logical_or.reduce(list(places))
    inverse = np.where(moves, filled, now.inverse).astype(np.float32)
    guess = np.maximum(now.variance, (DOUBT * inverse) ** 2)
    return replace(now, inverse=inverse, variance=np.where(moves, guess, now.variance))


def _finite(now: Current) -> Current:
    """Whatever went wrong: no number that is none leaves the house."""
    bad = ~(np.isfinite(now.inverse) & np.isfinite(now.variance) & (now.inverse > 0))
    if not bad.any():
        return now
    usual = np.float32(np.median(now.inverse[~bad]) if (~bad).any() else 1.0)
    return replace(
        now,
        inverse=np.where(bad, usual, now.inverse).astype(np.float32),
        variance=np.where(bad, usual**2, now.variance).astype(np.float32),
    )


def _at(
    values: Float32[np.ndarray, "h w"], size: tuple[int, ...]
) -> Float32[np.ndarray, "height width"]:
    large: np.ndarray = cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return large


def _answer(now: Current, filled: Float32[np.ndarray, "h w"]) -> Depth:
    state = {
        **known_of(now),
        "given": torch.from_numpy(np.full((4, 4), np.nan) if now.given is None else now.given),
        **now.corrections.written(),
        **written(now.compared),
    }
    keyframe = {
        **{name: state[name] for name in ("inverse", "variance", "pose", "given")},
        "grey": torch.from_numpy(now.grey),
        "known": torch.tensor(now.started),
    }
    confidence = confidence_of(now.inverse, now.variance, parallax_px=now.parallax_px)
    return Depth(
        inverse=_at(filled, now.grey.shape) / np.float32(now.metres.per_unit),
        confidence=_at(confidence, now.grey.shape),
        metric=now.metres.known,
        intrinsics=now.camera,
        scene=now.scene,
        state=state,
        keyframe=keyframe,
        travel_px=now.travel_px,
    )
