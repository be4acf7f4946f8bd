"""The parts of one family, as the engine calls them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from vidmem.config import Config
from vidmem.features.nano import NanoEncoder
from vidmem.heads.base_depth import begin_depth
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.learned_depth import MonoDepth
from vidmem.heads.learned_masks import Corrected, shipped_mask_network
from vidmem.heads.learned_prompts import shipped_prompt_network
from vidmem.heads.learned_weights import shipped_memory_network, shipped_network
from vidmem.heads.memory_depth import MemoryDepth
from vidmem.heads.nano_masks import NanoTracker
from vidmem.models.sam2 import load_sam2_tracker
from vidmem.models.sam_hq import load_sam_hq
from vidmem.protocols import (
    CarriesDepth,
    DepthBase,
    EncodesCoarsely,
    Previews,
    Refiner,
    RemembersScene,
    RemembersTogether,
    Tracker,
)
from vidmem.refine.edges import EdgeRefiner
from vidmem.refine.hq import HqRefiner
from vidmem.refine.plain import PlainRefiner
from vidmem.types import (
    Depth,
    Features,
    Frame,
    Masks,
    PageShape,
    Previous,
    Prompt,
    Recall,
    Skipped,
    Stream,
    Tokens,
)

SCENE = Stream("scene")
UNHURRIED_MS = 100.0
"""Deadline from which there is time for networks that correct masks and depth in every frame."""


@dataclass(frozen=True, slots=True)
class Models:
    """A tracker, a depth network and a refiner over one memory. Functions only: no state."""

    tracker: Tracker
    depth: DepthBase | None
    refiner: Refiner

    def can_skip(self, recall: Recall) -> set[Skipped]:
        """What a step could leave out when time is short."""
        can: set[Skipped] = {"refine"}
        if recall.previous is not None and isinstance(self.tracker, EncodesCoarsely):
            can.add("detail")
        if recall.previous is not None and isinstance(self.depth, CarriesDepth):
            can.add("depth")
        if "object" in recall.views:
            can.add("pages")
        return can

    def encode(self, frame: Frame, previous: Previous | None, *, coarse: bool = False) -> Features:
        """One encoding for both answers."""
        if coarse and isinstance(self.tracker, EncodesCoarsely):
            return self.tracker.encode_coarse(frame, previous)
        return self.tracker.encode(frame, previous)

    def page_shapes(self, features: Features) -> Mapping[str, PageShape]:
        """What the memory must make room for."""
        shapes = dict(self.tracker.page_shapes(features))
        if isinstance(self.depth, RemembersScene):
            shapes["scene"] = self.depth.scene_shape(features)
        return shapes

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Coarse masks."""
        return _told(self.tracker.segment(features, recall, prompts), prompts)

    def preview(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Coarse masks that are only shown."""
        tracker = self.tracker
        answer = tracker.preview if isinstance(tracker, Previews) else tracker.segment
        return _told(answer(features, recall, prompts), prompts)

    def begin_depth(
        self, frame: Frame, recall: Recall, *, carried: bool
    ) -> Callable[[Features], Callable[[Masks], Depth | None]]:
        """What depth needs neither features nor masks for, at once; the rest when called with them.

        Where it is not wanted, None comes of it.
        """
        if self.depth is None:
            return lambda features: lambda masks: None
        return begin_depth(self.depth, frame, recall, carried=carried)

    def refine(
        self,
        frame: Frame,
        features: Features,
        recall: Recall,
        masks: Masks,
        depth: Depth | None,
        *,
        plain: bool = False,
    ) -> Masks:
        """Sharp masks at frame size, or with ``plain`` coarse ones."""
        refiner = PlainRefiner() if plain else self.refiner
        return replace(refiner.refine(frame, features, recall, masks, depth), cues={})

    def remember(
        self, streams: Sequence[Stream], features: Features, masks: Masks, depth: Depth | None
    ) -> Mapping[Stream, Tokens]:
        """The content of new pages."""
        others = [stream for stream in streams if stream != SCENE]
        tokens: dict[Stream, Tokens] = {}
        if SCENE in streams and depth is not None and isinstance(self.depth, RemembersScene):
            tokens[SCENE] = self.depth.remember_scene(depth)
        if others and isinstance(self.tracker, RemembersTogether):
            return {**self.tracker.remember_all(others, features, masks), **tokens}
        for stream in others:
            tokens[stream] = self.tracker.remember(stream, features, masks)
        return tokens


def _told(masks: Masks, prompts: Sequence[Prompt]) -> Masks:
    """Which of them somebody has just said something about."""
    prompted = {prompt.object_id for prompt in prompts}
    return replace(masks, prompted=tuple(i in prompted for i in masks.ids))


def build_models(
    config: Config,
    *,
    tracker: Tracker | None = None,
    depth: DepthBase | None = None,
    refiner: Refiner | None = None,
) -> Models:
    """The parts that ``config`` names, but for those that are given. Nothing is downloaded.

    Raises:
        CheckpointError: the family's weights are missing or belong to something else.
    """
    if depth is None and config.depth.enabled:
        mono = MonoDepth(shipped_network()) if config.depth.mono == "nano" else None
        depth = GeometricDepth(config.depth, mono=mono)
        if config.depth.memory == "nano" and not _hurried(config):
            update = config.depth.update
            depth = MemoryDepth(depth, shipped_memory_network(), update=update)
    return Models(tracker or _tracker(config), depth, refiner or _refiner(config))


def _tracker(config: Config) -> Tracker:
    if config.family == "nano":
        network = shipped_prompt_network() if config.tracker.prompts == "nano" else None
        encoder = NanoEncoder(config.tracker, hurried=config.runtime.deadline_ms > 0)
        return NanoTracker(config.tracker, encoder, network)
    return load_sam2_tracker(config)


def _refiner(config: Config) -> Refiner:
    if config.refine.by == "sam-hq":
        return HqRefiner(config.refine, load_sam_hq(config))
    if config.refine.by == "plain":
        return PlainRefiner()
    if config.refine.by == "edges" or _hurried(config):
        return EdgeRefiner()
    return Corrected(shipped_mask_network(), EdgeRefiner())


def _hurried(config: Config) -> bool:
    return 0 < config.runtime.deadline_ms < UNHURRIED_MS
