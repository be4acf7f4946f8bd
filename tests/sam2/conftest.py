"""One small SAM 2.1 with seeded weights in which memory matters, and both ways to run it."""

import hashlib
from dataclasses import replace

import pytest
import torch

from vidmem import Config, Prompt, load
from vidmem.config import DepthConfig, MemoryConfig
from vidmem.models.sam2 import build_network, make_tracker
from vidmem.testing import moving_square, truth

FRAMES = 30
SIDE = 256
SMART = Config(
    memory=MemoryConfig(recent=3, latest=1, long_term=1, distractors=2, snapshot_every=5),
    depth=DepthConfig(enabled=False),
)


@pytest.fixture(scope="session")
def video():
    return list(moving_square(FRAMES))


@pytest.fixture(scope="session")
def encodings():
    """Encoded frames by the bytes the encoder was given: the slow part, seen once."""
    return {}


@pytest.fixture(scope="session")
def remembered_encoder(encodings):
    """Wraps an image encoder: equal input, equal answer."""

    def wrap(network):
        encode = network.image_encoder.forward

        def forward(pixels):
            key = hashlib.sha1(pixels.numpy().tobytes()).hexdigest()
            if key not in encodings:
                encodings[key] = encode(pixels)
            found = encodings[key]
            return {name: list(v) if isinstance(v, list) else v for name, v in found.items()}

        network.image_encoder.forward = forward
        return network

    return wrap


@pytest.fixture(scope="session")
def network(remembered_encoder):
    """At the size at which equality with the package is measured."""
    return remembered_encoder(lively(build_network, SIDE))


@pytest.fixture(scope="session")
def small(remembered_encoder):
    """The same, faster."""
    return remembered_encoder(lively(build_network, SIDE // 2))


def lively(build, side):
    """Random weights say "nothing there" and hardly read the memory: both are changed here."""
    torch.manual_seed(0)
    network = build("tiny", image_size=side)
    with torch.no_grad():
        network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 5
        network.maskmem_tpos_enc *= 20
        network.obj_ptr_tpos_proj.weight *= 3
        for layer in network.memory_attention.layers:
            layer.cross_attn_image.q_proj.weight *= 2
            layer.cross_attn_image.k_proj.weight *= 2
    return network


@pytest.fixture
def make_engine(small):
    """An engine on the fast network, with knobs of the memory."""
    return lambda **knobs: engine_on(small, **knobs)


@pytest.fixture
def make_large_engine(network):
    """An engine on the network that is compared with the package."""
    return lambda **knobs: engine_on(network, **knobs)


def engine_on(network, **knobs):
    """With knobs of the memory."""
    config = replace(SMART, memory=replace(SMART.memory, **knobs))
    return load(config=config, tracker=make_tracker(network, config))


@pytest.fixture(scope="session")
def prompts(video):
    """One object from the start, another from frame 8."""
    return {0: [Prompt(1, mask=truth(video[0]))], 8: [Prompt(2, box=(60, 10, 90, 30))]}
