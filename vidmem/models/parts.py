"""The parts of one family, as the engine calls them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vidmem.config import Config
from vidmem.features.nano import NanoEncoder
from vidmem.heads.geometric_depth import GeometricDepth
from vidmem.heads.nano_masks import NanoTracker
from vidmem.protocols import DepthBase, Refiner, Tracker
from vidmem.refine.edges import EdgeRefiner
from vidmem.types import (
    Depth,
    Features,
    Frame,
    Masks,
    PageShape,
    Previous,
    Prompt,
    Recall,
    Stream,
    Tokens,
)


@dataclass(frozen=True, slots=True)
class Models:
    """A tracker, a depth network and a refiner over one memory. Functions only: no state."""

    tracker: Tracker
    depth: DepthBase | None
    refiner: Refiner

    def encode(self, frame: Frame, previous: Previous | None) -> Features:
        """One encoding for both answers."""
        return self.tracker.encode(frame, previous)

    def page_shapes(self, features: Features) -> Mapping[str, PageShape]:
        """What the memory must make room for."""
        return self.tracker.page_shapes(features)

    def segment(self, features: Features, recall: Recall, prompts: Sequence[Prompt]) -> Masks:
        """Coarse masks."""
        return self.tracker.segment(features, recall, prompts)

    def estimate_depth(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks
    ) -> Depth | None:
        """Depth, where it is wanted."""
        return self.depth.estimate(frame, features, recall, masks) if self.depth else None

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """Sharp masks at frame size."""
        return self.refiner.refine(frame, features, recall, masks, depth)

    def remember(self, stream: Stream, features: Features, masks: Masks) -> Tokens:
        """The content of a new page."""
        return self.tracker.remember(stream, features, masks)


def build_models(config: Config) -> Models:
    """The parts that ``config`` names. Nothing is downloaded."""
    encoder = NanoEncoder(config.tracker)
    return Models(
        tracker=NanoTracker(config.tracker, encoder),
        depth=GeometricDepth(config.depth) if config.depth.enabled else None,
        refiner=EdgeRefiner(),
    )
