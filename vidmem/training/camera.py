"""Camera and body paths: arrays of poses, smooth and reproducible."""

import numpy as np
from jaxtyping import Float

from vidmem.training.scene import CameraTrack, Matrices, Number, at, placing, turning

Signal = Float[np.ndarray, " frames"]
FRAMES_PER_SECOND = 30.0


def drift(random: np.random.Generator, frames: int, *, seconds: float) -> Signal:
    """A smooth signal of unit strength that starts at 0 and turns about every ``seconds``."""
    time = np.arange(frames) / FRAMES_PER_SECOND
    total = np.zeros(frames)
    for k in range(4):
        period = seconds * random.uniform(0.7, 1.6) * 1.7 ** (k - 1) * 2
        phase = random.uniform(0, 2 * np.pi)
        total += random.normal() * (np.sin(2 * np.pi * time / period + phase) - np.sin(phase)) / 2
    return total / max(1.0, float(np.abs(total).max()))


def moving_camera(
    random: np.random.Generator,
    frames: int,
    *,
    motion: Number,
    shake: Number,
    zoom: Number,
    focal: Number,
    travel_m: Number = 0.0,
    height_m: Number = 1.5,
    pitch: Number = 0.12,
) -> CameraTrack:
    """A hand-held camera at the origin's side of the scene, looking along z and a little down.

    Args:
        random: Where chance comes from.
        frames: Length.
        motion: 0 for a tripod, 1 for about 0.4 m and 6 degrees of slow wandering.
        shake: 0 for none, 1 for a degree of trembling.
        zoom: 0 for none, 1 for about 40 % either way.
        focal: Focal length as a share of the image width.
        travel_m: How far it walks forward over the whole clip.
        height_m: Above the floor.
        pitch: Radians downwards.
    """
    seconds = 3.0
    shift = np.stack([drift(random, frames, seconds=seconds) for _ in range(3)], -1)
    position = shift * motion * np.array([0.4, 0.15, 0.4])
    position[:, 2] += np.linspace(0, travel_m, frames)
    position[:, 1] -= height_m
    turn = np.stack([drift(random, frames, seconds=seconds) for _ in range(3)], -1)
    tremble = np.stack([drift(random, frames, seconds=0.15) for _ in range(3)], -1)
    angles = turn * motion * np.array([0.06, 0.1, 0.02]) + tremble * shake * 0.012
    rotation = (
        turning("y", angles[:, 1])
        @ turning("x", -angles[:, 0] - pitch)
        @ turning("z", angles[:, 2])
    )
    lens = focal * np.exp(0.35 * zoom * drift(random, frames, seconds=4.0))
    return CameraTrack(placing(position) @ rotation, lens)


def heading(path: Float[np.ndarray, "frames 3"], *, turn: bool) -> Matrices:
    """Poses along a path; ``turn`` makes the body's x axis look where it goes."""
    roots = placing(path)
    if not turn or len(path) < 2:
        return roots
    step = np.gradient(path, axis=0)
    smooth = np.ones(9) / 9
    x, z = (np.convolve(np.pad(step[:, i], 4, mode="edge"), smooth, "valid") for i in (0, 2))
    still = np.hypot(x, z) < 1e-5
    angle = np.where(still, 0.0, np.arctan2(-z, np.where(still, 1.0, x)))
    return turned(roots, np.unwrap(angle))


def turned(
    roots: Float[np.ndarray, "roots 4 4"], radians: Float[np.ndarray, " turns"]
) -> Float[np.ndarray, "most 4 4"]:
    """Poses with an extra turn about the vertical axis: one root or one turn, or as many."""
    return np.asarray(roots @ turning("y", radians))


def standing(x: Number, z: Number, *, y: Number = 0.0, turn: Number = 0.0) -> Matrices:
    """One pose for a body that never moves."""
    return turned(at(x, y, z), np.array([turn]))
