"""What masks do for depth and depth for masks, in the procedural world, where the truth is known.

    python tools/eval_hiding.py moving --seeds 10
    python tools/eval_hiding.py hiding --seeds 30

``moving``: error of depth on pixels of moving objects, with the tracker's masks given to the depth
and without. ``hiding``: an object goes behind something (the answer is "occluded"), or vanishes in
the open a little earlier (the answer is "lost"); how often each is told.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from vidmem.config import Config
from vidmem.engine import Engine, load
from vidmem.memory import Memory
from vidmem.protocols import DepthBase
from vidmem.training.scenarios import OCCLUDER, TARGET, Scenario, occlusion, prompt_of
from vidmem.training.staging import make_world
from vidmem.training.world import World, WorldConfig
from vidmem.types import Depth, Features, Frame, Masks, Prompt, Recall

SKIP = 16
ASKED = 20
"""Frames after the disappearance: most of the answers in the second half of them must be right."""
EARLIER = 8
"""Frames before the object would have been hidden, in which it vanishes in the open."""
LEAST_PX = 200
FAR_BELOW_M = 500.0


class Maskless:
    """A depth that is not told what is followed."""

    def __init__(self, depth: DepthBase) -> None:
        self._depth = depth

    def estimate(self, frame: Frame, features: Features, recall: Recall, masks: Masks) -> Depth:
        """As the depth would, without masks."""
        previous = recall.previous and replace(recall.previous, masks=_no(recall.previous.masks))
        blind = replace(recall, previous=previous)
        return self._depth.estimate(frame, features, blind, _no(masks))


def _no(masks: Masks) -> Masks:
    return replace(masks, ids=(), logits=masks.logits[:0])


def moving(seeds: range) -> None:
    """Print errors on moving pixels with and without masks."""
    rows = []
    for seed in seeds:
        world = make_world(WorldConfig(objects=2, occluders=0, camera_motion=1.0), seed=seed)
        labels = world.labels(0)
        ids = [int(i) for i in np.unique(labels) if i and (labels == i).sum() > LEAST_PX]
        prompts = [prompt_of(world, i, kind="mask") for i in ids]
        engine = load("nano")
        maskless = replace(engine.models, depth=Maskless(engine.models.depth))
        without = Engine(maskless, Memory(Config().memory), Config())
        rows.append([on_movers(world, each, prompts) for each in (engine, without)])
        print(f"seed {seed}: {rows[-1][0]:.3f} with masks, {rows[-1][1]:.3f} without", flush=True)
    told, untold = np.array(rows).T
    lower = int((told < untold).sum())
    print(f"mean abs_rel on moving pixels: {told.mean():.3f} with, {untold.mean():.3f} without")
    print(f"lower with masks in {lower} of {len(rows)}")


def on_movers(world: World, engine: Engine, prompts: Sequence[Prompt]) -> float:
    """Mean relative error on moving pixels, in the unit that still pixels of the frame agree on."""
    errors = []
    for index in range(len(world)):
        truth = world.frame(index)
        frame = replace(truth.to_frame(), camera_to_world=None)
        result = engine.step(frame, prompts if index == 0 else ())
        moves = truth.labels > 0
        if index < SKIP or moves.sum() < LEAST_PX:
            continue
        ratio = result.depth.inverse * truth.depth_m
        errors.append(np.mean(np.abs(np.median(ratio[~moves]) / ratio[moves] - 1)))
    return float(np.mean(errors))


def hiding(seeds: range) -> None:
    """Print how often hidden and lost are told apart."""
    right = {"occluded": 0, "lost": 0}
    for seed in seeds:
        scenario = occlusion(seed, look_alike=False)
        start = scenario.hidden[0].start
        told = {
            "occluded": told_right(scenario.world, scenario.prompt(), start, "occluded"),
            "lost": told_right(
                vanishing(scenario, start - EARLIER, seed),
                scenario.prompt(), start - EARLIER, "lost",
            ),
        }  # fmt: skip
        for status, share in told.items():
            right[status] += share > 0.5
        print(f"seed {seed}: {told}", flush=True)
    print(f"of {len(seeds)} seeds told right: {right}")


def vanishing(scenario: Scenario, start: int, seed: int) -> World:
    """The same scene without what hides the target, which is gone from frame ``start`` on."""
    world = scenario.world
    target = next(body for body in world.scene.bodies if body.object_id == TARGET)
    root = np.array(np.broadcast_to(target.root, (len(world), 4, 4)))
    root[start:, 1, 3] += FAR_BELOW_M
    bodies = [b for b in world.scene.bodies if b.object_id not in (OCCLUDER, TARGET)]
    scene = replace(world.scene, bodies=(*bodies, target.moved(root)))
    return World(scene, height=world.size[0], width=world.size[1], seed=seed)


def told_right(world: World, prompt: Prompt, start: int, status: str) -> float:
    """Share of the frames in which the target has this status, a while after it went."""
    engine, answers = load("nano"), []
    for index in range(start + ASKED):
        frame = replace(world.frame(index).to_frame(), camera_to_world=None)
        result = engine.step(frame, [prompt] if index == 0 else ())
        if index >= start + ASKED // 2:
            answers.append(result.objects[0].status == status)
    return float(np.mean(answers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("question", choices=["moving", "hiding"])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(2)
    {"moving": moving, "hiding": hiding}[given.question](range(given.seeds))
