"""The families that every test of state, corrections and bad input runs over."""

from dataclasses import dataclass, replace

import pytest
import torch

from vidmem import Config, Prompt, load
from vidmem.config import MemoryConfig, RefineConfig, config_of
from vidmem.models.sam2 import build_network, make_tracker
from vidmem.testing import moving_square, truth

FRAMES = 16


@dataclass
class Family:
    """Makes engines of one family, and goes on from what they saved."""

    config: Config
    tracker: object = None

    def new(self, **memory):
        config = replace(self.config, memory=replace(self.config.memory, **memory))
        return load(config=config, tracker=self.tracker)

    def resume(self, path):
        return load(state=path, tracker=self.tracker)


def nano():
    return Family(Config(memory=MemoryConfig(snapshot_every=5)))


def tiny_sam2():
    """Random weights that believe objects can be seen."""
    torch.manual_seed(0)
    network = build_network("tiny", image_size=128)
    with torch.no_grad():
        network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 5
    config = config_of("sam2.1-tiny-hq")
    config = replace(
        config,
        memory=replace(config.memory, snapshot_every=5, snapshots=3, objects=4),
        tracker=replace(config.tracker, image_size=128),
        refine=RefineConfig(),
    )
    return Family(config, make_tracker(network, config))


FAMILIES = {
    "nano": nano,
    "sam2.1-tiny": tiny_sam2,
}


@pytest.fixture(scope="session", params=FAMILIES)
def family(request):
    return FAMILIES[request.param]()


@pytest.fixture(scope="session")
def video():
    return list(moving_square(FRAMES))


@pytest.fixture
def prompts(video):
    return {0: [Prompt(1, mask=truth(video[0]))], 5: [Prompt(2, box=(60, 5, 90, 25))]}


@pytest.fixture(scope="session")
def same():
    """Byte for byte: masks, what is known of them, depth and decisions."""

    def check(result, expected):
        assert result.masks.labels.tobytes() == expected.masks.labels.tobytes()
        assert result.masks.logits.equal(expected.masks.logits)
        assert result.masks.presence == expected.masks.presence
        assert result.objects == expected.objects
        assert result.kept == expected.kept
        assert (result.depth is None) == (expected.depth is None)
        if expected.depth is not None:
            assert result.depth.inverse.tobytes() == expected.depth.inverse.tobytes()
            assert result.depth.confidence.tobytes() == expected.depth.confidence.tobytes()

    return check
