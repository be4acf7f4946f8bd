"""Splits a run at random frames, saves, loads and goes on: prints how many are byte-equal."""

import argparse
import json
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from vidmem import Engine, Prompt, Result, Tracker, load
from vidmem.config import Config, RefineConfig, config_of
from vidmem.models.sam2 import build_network, make_tracker
from vidmem.testing import moving_square, truth

FRAMES = 30


def tiny_sam2() -> tuple[Config, Tracker]:
    """Seeded random weights that believe objects can be seen."""
    torch.manual_seed(0)
    network = build_network("tiny", image_size=128)
    network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 5
    config = config_of("sam2.1-tiny-hq")
    tracker = replace(config.tracker, image_size=128)
    config = replace(config, tracker=tracker, refine=RefineConfig())
    return config, make_tracker(network, config)


def answer(result: Result) -> tuple[object, ...]:
    """Everything that must be equal, as bytes and plain values."""
    masks, depth = result.masks, result.depth
    return (
        masks.labels.tobytes(), masks.logits.numpy().tobytes(), masks.presence, result.objects,
        result.kept, None if depth is None else depth.inverse.tobytes(),
    )  # fmt: skip


def main() -> None:
    """One line per family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--families", nargs="+", default=["nano", "sam2.1-tiny"])
    options = parser.parse_args()
    video = list(moving_square(FRAMES))
    prompts = {0: [Prompt(1, mask=truth(video[0]))]}
    for family in options.families:
        config, tracker = (Config(), None) if family == "nano" else tiny_sam2()

        def new(config: Config = config, tracker: Tracker | None = tracker) -> Engine:
            return load(config=config, tracker=tracker)

        whole = [answer(result) for result in new().run(video, prompts)]
        splits = sorted(random.Random(2).sample(range(1, FRAMES), options.splits))
        engine, equal = new(), 0
        with tempfile.TemporaryDirectory() as folder:
            for frame in video:
                if frame.index in splits:
                    path = Path(folder) / f"{frame.index}.safetensors"
                    engine.save(path)
                    rest = load(state=path, tracker=tracker).run(video[frame.index :])
                    equal += [answer(result) for result in rest] == whole[frame.index :]
                engine.step(frame, prompts.get(frame.index, ()))
        print(
            json.dumps({"family": family, "splits": len(splits), "byte_equal": equal}), flush=True
        )


if __name__ == "__main__":
    main()
