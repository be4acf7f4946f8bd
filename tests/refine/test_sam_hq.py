"""The real package with random weights: every candidate comes out, and their best is the package's.

One picture is encoded once for all tests: that is the slow part.
"""

import warnings

import numpy as np
import pytest
import torch

from vidmem import load
from vidmem.config import Config, RefineConfig, config_of
from vidmem.errors import CheckpointError
from vidmem.models.sam_hq import SIZES, build_sam_hq, load_sam_hq, take_hq_weights
from vidmem.refine.candidates import Hint
from vidmem.refine.sam_hq import SamHq, to_square
from vidmem.weights import known

FRAME = (48, 90)
ROUNDING = 1e-5
"""Mostly 0; a convolution may sum in another order when its input lies elsewhere."""


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = build_sam_hq("tiny")
    encode, known_pixels = network.image_encoder.forward, {}

    def forward(pixels):
        key = pixels.numpy().tobytes()
        if key not in known_pixels:
            known_pixels[key] = encode(pixels)
        return known_pixels[key]

    network.image_encoder.forward = forward
    with torch.no_grad():  # random heads give three masks and scores that hardly differ
        for head in network.mask_decoder.output_hypernetworks_mlps:
            head.layers[-1].weight *= 20
        network.mask_decoder.iou_prediction_head.layers[-1].weight *= 5
    return network


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 255, (*FRAME, 3)).astype(np.uint8)


def hint(box, *points):
    logits = torch.full((24, 30), -5.0)
    logits[4:14, 6:16] = 5
    return Hint(box, points, logits)


HINTS = [
    hint((10.0, 5.0, 40.0, 30.0), (25.5, 15.5, 1)),
    hint((10.0, 5.0, 40.0, 30.0), (25.5, 15.5, 1), (70.0, 40.0, 0)),
    hint((50.0, 20.0, 88.0, 47.0), (60.0, 30.0, 1)),
    hint((0.0, 0.0, 90.0, 48.0), (3.0, 3.0, 1)),
]


def official(network, image, hint):
    from segment_anything_hq import SamPredictor

    predictor = SamPredictor(network)
    predictor.set_image(image)
    return predictor.predict(
        point_coords=np.array([[x, y] for x, y, _ in hint.points]),
        point_labels=np.array([label for *_, label in hint.points]),
        box=np.array(hint.box),
        mask_input=to_square(hint.logits, predictor.input_size, 1024)[0].numpy(),
        multimask_output=True,
        return_logits=True,
    )


def test_the_best_candidate_is_what_the_package_gives(network, image):
    ours = SamHq(network)
    seen = ours.see(image)
    best = []
    for each in HINTS:
        offer = ours.offer(seen, each)
        assert offer.logits.shape == (3, *FRAME) and offer.scores.shape == (3,)
        best.append(int(offer.scores.argmax()))
        mask, score, _ = official(network, image, each)
        assert (offer.logits[best[-1]] - torch.from_numpy(mask[0])).abs().max() <= ROUNDING
        assert abs(offer.scores[best[-1]] - score[0]) <= ROUNDING
        others = [i for i in range(3) if i != best[-1]]
        for other in others:
            assert (offer.logits[other] - offer.logits[best[-1]]).abs().max() > 1e-3


def test_what_is_asked_matters(network, image):
    ours = SamHq(network)
    seen = ours.see(image)
    answers = [ours.offer(seen, each).logits for each in HINTS]
    for i, first in enumerate(answers):
        for second in answers[i + 1 :]:
            assert (first - second).abs().max() > 1e-4


def test_a_mask_becomes_a_quarter_of_the_square():
    logits = torch.full((24, 30), 3.0)
    square = to_square(logits, (546, 1024), 1024)
    assert square.shape == (1, 1, 256, 256)
    assert torch.equal(square[..., :136, :], torch.full((1, 1, 136, 256), 3.0))
    assert bool((square[..., 137:, :] == -32).all())


def test_importing_it_warns_of_nothing_and_hides_nothing_else():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_sam_hq("tiny")
        with pytest.raises(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)


@pytest.fixture(scope="module")
def checkpoint(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "sam_hq_vit_tiny.pth"
    torch.save(network.state_dict(), path)
    return path


def config_with(path, size="tiny"):
    return Config(refine=RefineConfig(by="sam-hq", size=size, checkpoint=str(path)))


def test_a_checkpoint_is_taken(checkpoint, network):
    loaded = load_sam_hq(config_with(checkpoint)).network
    assert not loaded.training
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_the_classifier_of_the_pretraining_may_be_missing(network, tmp_path):
    weights = {k: v for k, v in network.state_dict().items() if "head.weight" not in k}
    take_hq_weights(network, weights, tmp_path, "sam-hq-vit-tiny")
    with pytest.raises(CheckpointError, match=r"first mask_decoder\.hf_token\.weight: missing"):
        weights.pop("mask_decoder.hf_token.weight")
        take_hq_weights(network, weights, tmp_path, "sam-hq-vit-tiny")


def test_plain_sam_is_refused(network, tmp_path):
    path = tmp_path / "sam.pth"
    weights = {k: v for k, v in network.state_dict().items() if ".hf_" not in k}
    torch.save(weights, path)
    with pytest.raises(CheckpointError, match="no weights of sam-hq"):
        load_sam_hq(config_with(path))


def test_another_size_is_refused(checkpoint):
    with pytest.raises(CheckpointError, match="no checkpoint of sam-hq-vit-b: "):
        load_sam_hq(config_with(checkpoint, "b"))


@pytest.mark.parametrize("size", list(SIZES))
def test_without_weights_the_error_says_how_to_get_them(size):
    config = Config(refine=RefineConfig(by="sam-hq", size=size))
    with pytest.raises(CheckpointError) as caught:
        load(config=config)
    assert caught.value.remedy == f"Run: vidmem weights fetch {known(f'sam-hq-vit-{size}').name}"


def test_nano_keeps_its_own_refiner_and_the_hq_families_name_theirs():
    assert config_of("nano").refine.by == "nano"
    for size, hq in (("tiny", "tiny"), ("small", "b"), ("base-plus", "l"), ("large", "h")):
        refine = config_of(f"sam2.1-{size}-hq").refine
        assert (refine.by, refine.size, refine.write_back) == ("sam-hq", hq, False)
