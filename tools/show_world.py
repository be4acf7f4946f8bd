"""Write a contact sheet of the procedural world: pictures, masks, depth and flow.

python tools/show_world.py sheet.png --kind clips --seeds 12
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from vidmem.training.long import long_video
from vidmem.training.scenarios import occlusion
from vidmem.training.staging import make_world
from vidmem.training.topology import topology
from vidmem.training.world import World, WorldConfig, WorldFrame

KINDS = ("clips", "occlusion", "long", "topology", "truth")
COLOURS = np.random.default_rng(1).integers(60, 255, (256, 3))


def open_world(kind: str, seed: int, photographs: bool) -> World:
    """The video a row shows."""
    if kind == "occlusion":
        return occlusion(seed).world
    if kind == "long":
        return long_video(seed).world
    if kind == "topology":
        return topology(seed).world
    return make_world(WorldConfig(photographs=photographs), seed=seed)


def outlined(frame: WorldFrame) -> np.ndarray:
    """The picture with the outlines of its objects."""
    image = frame.image.copy()
    for number in np.unique(frame.labels[frame.labels > 0]).tolist():
        mask = (frame.labels == number).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, contours, -1, COLOURS[number].tolist(), 1)
    return image


def truth(frame: WorldFrame) -> list[np.ndarray]:
    """Labels, depth, flow and what was seen before, as pictures."""
    inverse = 255 * frame.depth_m.min() / frame.depth_m
    depth = cv2.applyColorMap(inverse.astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    flow = np.clip(128 + 20 * frame.flow, 0, 255)
    flow = np.concatenate([flow, np.full_like(flow[..., :1], 128)], -1)
    labels = COLOURS[frame.labels] * (frame.labels > 0)[..., None]
    seen = np.repeat(frame.visible[..., None] * 255, 3, -1)
    return [labels, depth, flow, seen]


def row(kind: str, world: World, columns: int) -> np.ndarray:
    """One video."""
    if kind == "truth":
        frame = world.frame(len(world) // 2)
        return np.hstack([frame.image, *truth(frame)]).astype(np.uint8)
    moments = np.linspace(0, len(world) - 1, columns).astype(int).tolist()
    return np.hstack([outlined(world.frame(t)) for t in moments])


def main() -> None:
    """Read the command line, write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--kind", choices=KINDS, default="clips")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--photographs", action="store_true")
    given = parser.parse_args()
    worlds = (open_world(given.kind, seed, given.photographs) for seed in range(given.seeds))
    sheet = np.vstack([row(given.kind, world, given.columns) for world in worlds])
    small = cv2.resize(sheet, None, fx=given.scale, fy=given.scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(given.path), small[..., ::-1])
    print(f"wrote {given.path}: {given.seeds} seeds of {given.kind}")


if __name__ == "__main__":
    main()
