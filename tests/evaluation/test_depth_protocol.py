"""The depth protocol with engines that know the answer."""

import cv2
import numpy as np
import pytest
import torch

from vidmem.config import Config
from vidmem.errors import SourceError
from vidmem.evaluation.depth_protocol import evaluate_depth
from vidmem.types import Depth, Masks, Result

FRAMES, SHAPE = 6, (24, 32)


def truth_mm(index):
    ramp = np.linspace(1000, 4000, SHAPE[1])[None].repeat(SHAPE[0], 0).astype(np.uint16)
    ramp[0, :2] = (0, 65535)
    return ramp


@pytest.fixture
def root(tmp_path):
    for name in ("images", "depth"):
        (tmp_path / name).mkdir()
    image = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3), np.uint8)
    for index in range(FRAMES):
        cv2.imwrite(str(tmp_path / f"images/{index:05}.png"), image)
        cv2.imwrite(str(tmp_path / f"depth/{index:05}.png"), truth_mm(index))
    np.savetxt(tmp_path / "K.txt", [[20, 0, 16], [0, 20, 12], [0, 0, 1]])
    np.savetxt(tmp_path / "poses.txt", np.eye(4).reshape(1, 16).repeat(FRAMES, 0))
    return tmp_path


class Knowing:
    """Answers with the truth, changed by a function of the frame's index."""

    def __init__(self, change=lambda inverse, index: inverse):
        self.config, self.change, self.seen = Config(), change, []

    def step(self, frame, prompts=()):
        self.seen.append(frame)
        inverse = 1000 / np.clip(truth_mm(0), 1000, 4000).astype(np.float32)
        inverse = self.change(inverse, frame.index).astype(np.float32)
        sure = (np.arange(inverse.size).reshape(SHAPE) / inverse.size).astype(np.float32)
        depth = Depth(inverse, sure, False, frame.intrinsics, 0)
        masks = Masks((), torch.zeros(0, 1, 1), (), (), (), {})
        return Result(frame, masks, depth, (), (), {}, 0)


def test_the_truth_is_perfect(root):
    report = evaluate_depth(root, make_engine=Knowing, skip=2)
    assert report["d1"] == report["coverage"] == report["confident_d1"] == 1.0
    assert report["tae"] == pytest.approx(0, abs=1e-3) and report["frames"] == 4
    assert report["scale_std"] == pytest.approx(0, abs=1e-6)
    assert report["alignments"]["none"]["abs_rel"] == pytest.approx(0, abs=1e-5)


def test_alignments_differ_where_the_scale_drifts(root):
    report = evaluate_depth(root, make_engine=lambda: Knowing(lambda d, i: d * 2**i), skip=0)
    assert report["alignments"]["frame"]["d1"] == 1.0
    assert report["d1"] < 0.6 and report["scale_std"] > 0.5 and report["tae"] > 1


def test_what_was_not_predicted_is_wrong(root):
    half = lambda d, _: np.where(np.arange(SHAPE[1]) < 16, d, np.nan)  # noqa: E731
    report = evaluate_depth(root, make_engine=lambda: Knowing(half), skip=0)
    assert report["d1"] == report["coverage"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("poses", [True, False])
def test_poses_only_where_asked_for_and_the_camera_always(root, poses):
    engine = Knowing()
    evaluate_depth(root, make_engine=lambda: engine, poses=poses, skip=0)
    assert all((frame.camera_to_world is not None) == poses for frame in engine.seen)
    assert engine.seen[0].intrinsics.fx == 20


def test_single_frames_get_fresh_engines(root):
    made = []
    evaluate_depth(
        root, make_engine=lambda: made.append(Knowing()) or made[-1], skip=0, single_frame=True
    )
    assert [len(engine.seen) for engine in made] == [1] * FRAMES + [0]


def test_bad_data(root):
    with pytest.raises(SourceError):
        evaluate_depth(root, make_engine=Knowing, skip=FRAMES)
    (root / "K.txt").unlink()
    with pytest.raises(SourceError):
        evaluate_depth(root, make_engine=Knowing)
