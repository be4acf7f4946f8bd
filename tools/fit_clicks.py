"""Fits what makes a region likely to be what a click meant, on rendered worlds, and prints it.

PYTHONPATH=. python tools/fit_clicks.py --seeds 60
"""

import argparse
from collections.abc import Iterator

import cv2
import numpy as np

from vidmem.evaluation.masks import region as overlap
from vidmem.evaluation.prompts import next_click
from vidmem.heads.click_choice import FIRST, LATER, chosen
from vidmem.heads.click_masks import changeable, meanings
from vidmem.heads.click_regions import Picture
from vidmem.heads.prompt_masks import SEEN_PIXELS
from vidmem.training.staging import make_world
from vidmem.training.world import WorldConfig

SMALLEST_SHARE = 0.004
CLICKS = 4
RIDGE = 0.3
FRAME = 4


def objects(first_seed: int, count: int) -> Iterator[tuple[Picture, np.ndarray]]:
    """Pictures with the truth of one object each."""
    for seed in range(first_seed, first_seed + count):
        world = make_world(WorldConfig(height=240, width=432, frames=8), seed=seed)
        image, labels = world.frame(FRAME).image, world.labels(FRAME)
        scale = (SEEN_PIXELS / labels.size) ** 0.5
        size = (round(432 * scale), round(240 * scale))
        picture = Picture.of(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        for object_id in np.unique(labels[labels > 0]):
            truth = np.equal(labels, object_id)
            if truth.mean() > SMALLEST_SHARE:
                small = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA)
                yield picture, small > 0.5


def connected(mask: np.ndarray, dot: tuple[int, int, int]) -> np.ndarray:
    """The part of ``mask`` that was clicked on."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return np.equal(labels, labels[dot[1], dot[0]]) & mask


def main() -> None:
    """Gather cues and gains click after click, then two ridge regressions.

    A region's gain in overlap is counted in the most that the click could give, and such clicks
    weigh more.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=300)
    arguments = parser.parse_args()
    gathered: dict[str, list[tuple[np.ndarray, np.ndarray, float]]] = {"FIRST": [], "LATER": []}
    for picture, truth in objects(arguments.first_seed, arguments.seeds):
        now, dots = np.zeros_like(truth), []
        for _ in range(CLICKS):
            x, y, label = next_click(now, truth)
            dots.append((int(x), int(y), int(label)))
            allowed = changeable(now, dots)
            cues, regions = meanings(picture, dots[-1][:2], allowed, now, positive=bool(label))
            changed = [now | r.inside if label else now & ~r.inside for r in regions]
            gain = np.array([overlap(mask, truth) for mask in changed]) - overlap(now, truth)
            meant = connected(allowed & (truth == bool(label)), dots[-1])
            right = now | meant if label else now & ~meant
            possible = overlap(right, truth) - overlap(now, truth)
            kind, weights = ("LATER", LATER) if now.any() else ("FIRST", FIRST)
            if possible > 0:
                gathered[kind].append((cues, np.maximum(-1, gain / possible), possible))
            change = chosen(cues @ weights, regions)
            now = now | change if label else now & ~change
    for name, rows in gathered.items():
        report(name, rows)


def report(name: str, rows: list[tuple[np.ndarray, np.ndarray, float]]) -> None:
    """Fit, and print the weights."""
    cues = np.concatenate([row[0] for row in rows])
    gains = np.concatenate([row[1] for row in rows])
    importance = np.concatenate([np.full(len(row[1]), row[2]) for row in rows])[:, None]
    square = cues.T @ (importance * cues) + RIDGE * np.eye(cues.shape[1])
    weights = np.linalg.solve(square, cues.T @ (importance[:, 0] * gains))
    print(f"{name} = np.array({weights.round(2).tolist()})")
    share = np.array([row[2] for row in rows]) / sum(row[2] for row in rows)
    picked = share @ [gains[(cues @ weights).argmax()] for cues, gains, _ in rows]
    best = share @ [gains.max() for _, gains, _ in rows]
    print(f"  gain {picked:.3f} of {best:.3f} possible, {len(rows)} clicks")


if __name__ == "__main__":
    main()
