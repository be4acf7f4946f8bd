"""Short parts of rendered clips as tensors: what the memory for depth learns from, in order."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Generator, Tensor

from vidmem.heads.memory_motion import Maps, Seen
from vidmem.training.clips import DepthClip


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Some frames in a row of some clips; lists are over frames."""

    seen: list[Seen]
    true_log: list[Float[Tensor, "b h w"]]
    """Inverse depth in the base's unit."""
    paths: list[tuple[Maps, Float[Tensor, "b h w"]]]
    """True flow to the previous frame, and 1 where the point was seen there."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a clip: from frame ``start``, from row ``top`` and column ``left``."""

    clip: DepthClip
    start: int = 0
    top: int = 0
    left: int = 0
    mirrored: bool = False


def window_of(cuts: list[Cut], *, length: int, size: tuple[int, int]) -> Window:
    """As many frames of each cut, ``size`` (rows, columns; multiples of a token) large."""
    parts = [_frames(cut, length, size) for cut in cuts]
    joined = {name: torch.stack([p[name] for p in parts], 1) for name in parts[0]}
    offset = (joined["base"] - joined["true"]).flatten(2).median(2).values.median(0).values
    true = joined["true"] + offset[None, :, None, None]
    seen, before = [], 0
    for now in range(length):
        seen.append(
            Seen(
                image=joined["image"][now],
                last_image=joined["image"][before],
                log_inverse=joined["base"][now][:, None],
                confidence=joined["confidence"][now][:, None],
                flow=joined["flow"][now] * (now > 0),
                camera=joined["camera"][now],
                pose=joined["pose"][now],
                last_pose=joined["pose"][before],
            )
        )
        before = now
    paths = list(zip(joined["true_flow"], joined["visible"], strict=True))
    return Window(seen, list(true), paths)


def _frames(cut: Cut, length: int, size: tuple[int, int]) -> dict[str, Tensor]:
    clip, sign = cut.clip, np.array([-1.0 if cut.mirrored else 1.0, 1.0])
    frames = slice(cut.start, cut.start + length)
    order = slice(None, None, -1 if cut.mirrored else 1)
    mirror = np.diag([sign[0], 1, 1, 1])
    camera = clip.cameras[frames] - np.array([0, 0, cut.left, cut.top])
    if cut.mirrored:
        camera[:, 2] = size[1] - 1 - camera[:, 2]

    def part(values: np.ndarray) -> np.ndarray:
        rows = slice(cut.top, cut.top + size[0])
        piece: np.ndarray = values[frames, rows, cut.left : cut.left + size[1]][:, :, order]
        return np.moveaxis(piece, 3, 1) if piece.ndim == 4 else piece

    arrays = {
        "image": part(clip.images) / np.float32(255),
        "base": part(clip.log_inverse),
        "confidence": part(clip.confidence),
        "flow": part(clip.flow) * sign[:, None, None],
        "true": -np.log(part(clip.depth_m).astype(np.float32)),
        "true_flow": part(clip.true_flow) * sign[:, None, None],
        "visible": part(clip.visible),
        "pose": mirror @ chained(clip.motions[frames]) @ mirror,
        "camera": camera,
    }
    return {n: torch.from_numpy(np.ascontiguousarray(a, np.float32)) for n, a in arrays.items()}


def chained(motions: Float64[np.ndarray, "frames 4 4"]) -> Float64[np.ndarray, "frames 4 4"]:
    """Poses in the first camera's coordinates."""
    poses = [np.eye(4)]
    for motion in motions[1:]:
        poses.append(poses[-1] @ motion)
    return np.stack(poses)


def random_window(
    clips: list[DepthClip], *, count: int, length: int, size: tuple[int, int], random: Generator
) -> Window:
    """Any frames and parts of any clips, mirrored or not."""

    def draw(high: int) -> int:
        return int(torch.randint(high, (1,), generator=random))

    cuts = []
    for _ in range(count):
        clip = clips[draw(len(clips))]
        frames, rows, columns = clip.log_inverse.shape
        start, top, left = (
            draw(frames - length + 1),
            draw(rows - size[0] + 1),
            draw(columns - size[1] + 1),
        )
        cuts.append(Cut(clip, start, top, left, bool(draw(2))))
    return window_of(cuts, length=length, size=size)
