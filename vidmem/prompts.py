"""Prompts: checked against the frame, merged per object, read from the command line."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from vidmem.errors import PromptError
from vidmem.types import Box, Point, Prompt

LARGEST_ID = 254
"""Masks are stored as one byte per pixel, and 255 means void in the DAVIS convention."""
FORM = "Write ID=..., for example 1:box=100,80,240,300 or 2:point=400,200 or 2:point=420,180,-@15."


def check_prompts(
    prompts: Sequence[Prompt], size: tuple[int, int], *, known: Sequence[int] = ()
) -> tuple[Prompt, ...]:
    """One checked prompt per object, boxes and points of the same object merged.

    Args:
        prompts: in frame pixels.
        size: the frame's height and width.
        known: objects that exist; a new one needs more than negative points.

    Raises:
        PromptError: outside the frame, empty, or contradicting each other.
    """
    merged: dict[int, Prompt] = {}
    for prompt in prompts:
        earlier = merged.get(prompt.object_id)
        merged[prompt.object_id] = prompt if earlier is None else _merge(earlier, prompt)
    for prompt in merged.values():
        _check(prompt, size, new=prompt.object_id not in known)
    return tuple(merged.values())


def _merge(first: Prompt, second: Prompt) -> Prompt:
    for name in ("box", "mask"):
        if getattr(first, name) is not None and getattr(second, name) is not None:
            raise PromptError(
                f"Object {first.object_id} has two {name} prompts in one frame.",
                remedy=f"Give one {name}, or use another object number.",
            )
    return Prompt(
        first.object_id,
        box=first.box if first.box is not None else second.box,
        points=first.points + second.points,
        mask=first.mask if first.mask is not None else second.mask,
    )


def _check(prompt: Prompt, size: tuple[int, int], *, new: bool) -> None:
    if not 1 <= prompt.object_id <= LARGEST_ID:
        raise PromptError(
            f"Object number {prompt.object_id} is not between 1 and {LARGEST_ID}.",
            remedy="Number objects from 1.",
        )
    if prompt.box is None and prompt.mask is None and not prompt.points:
        raise PromptError(
            f"The prompt for object {prompt.object_id} is empty.",
            remedy="Give a box, a point or a mask.",
        )
    if prompt.box is not None:
        _check_box(prompt.object_id, prompt.box, size)
    if prompt.mask is not None:
        _check_mask(prompt, size)
    _check_points(prompt, size, new=new)


def _check_box(object_id: int, box: Box, size: tuple[int, int]) -> None:
    height, width = size
    left, top, right, bottom = box
    shown = ",".join(f"{value:g}" for value in box)
    if not np.isfinite(box).all() or right - left < 1 or bottom - top < 1:
        raise PromptError(
            f"The box {shown} of object {object_id} is empty.",
            remedy="Write left,top,right,bottom in pixels, with right > left and bottom > top.",
        )
    if left < 0 or top < 0 or right > width or bottom > height:
        raise PromptError(
            f"The box {shown} of object {object_id} leaves the {width}x{height} frame.",
            remedy=f"Keep x within 0-{width} and y within 0-{height}.",
        )


def _check_mask(prompt: Prompt, size: tuple[int, int]) -> None:
    assert prompt.mask is not None
    if prompt.mask.shape != size:
        raise PromptError(
            f"The mask of object {prompt.object_id} is {prompt.mask.shape[1]}x"
            f"{prompt.mask.shape[0]}, the frame {size[1]}x{size[0]}.",
            remedy="Give a mask of the frame's size.",
        )
    if not prompt.mask.any():
        raise PromptError(
            f"The mask of object {prompt.object_id} is empty.",
            remedy="Give a mask with at least one pixel, or leave the object out.",
        )


def _check_points(prompt: Prompt, size: tuple[int, int], *, new: bool) -> None:
    height, width = size
    for x, y, label in prompt.points:
        if not (0 <= x < width and 0 <= y < height) or label not in (0, 1):
            raise PromptError(
                f"The point {x:g},{y:g} of object {prompt.object_id} is outside the "
                f"{width}x{height} frame or has a label other than 0 and 1.",
                remedy=f"Keep x within 0-{width - 1} and y within 0-{height - 1}.",
            )
    if _contradicts(prompt):
        raise PromptError(
            f"The prompts of object {prompt.object_id} contradict each other.",
            remedy="A pixel is either inside or outside, and positive points lie in the box.",
        )
    only_negative = prompt.points and not any(label for _, _, label in prompt.points)
    if new and only_negative and prompt.box is None and prompt.mask is None:
        raise PromptError(
            f"Object {prompt.object_id} is new and has only negative points.",
            remedy="Give at least one positive point or a box.",
        )


def _contradicts(prompt: Prompt) -> bool:
    labels: dict[tuple[int, int], int] = {}
    for x, y, label in prompt.points:
        if labels.setdefault((int(x), int(y)), label) != label:
            return True
    if prompt.box is None:
        return False
    left, top, right, bottom = prompt.box
    return any(
        label and not (left <= x <= right and top <= y <= bottom) for x, y, label in prompt.points
    )


def parse_prompt(text: str) -> tuple[int, Prompt]:
    """Frame index and prompt from ``ID:box=l,t,r,b``, ``ID:point=x,y[,-]``, ``ID:mask=file``.

    A trailing ``@N`` names the frame; without it the prompt is for frame 0.

    Raises:
        PromptError: the text has another form, or a mask file cannot be read.
    """
    match = re.fullmatch(r"(\d+):(box|point|mask)=(.+?)(?:@(\d+))?", text.strip())
    if match is None:
        raise PromptError(f"The prompt {text!r} cannot be read.", remedy=FORM)
    object_id, kind, value, frame = match.groups()
    prompt = Prompt(int(object_id))
    if kind == "mask":
        return int(frame or 0), replace(prompt, mask=read_mask(Path(value)))
    numbers = _numbers(value, text)
    if kind == "box" and len(numbers) == 4:
        box = (numbers[0], numbers[1], numbers[2], numbers[3])
        return int(frame or 0), replace(prompt, box=box)
    if kind == "point" and len(numbers) == 3:
        point: Point = (numbers[0], numbers[1], int(numbers[2]))
        return int(frame or 0), replace(prompt, points=(point,))
    raise PromptError(f"The prompt {text!r} has {len(numbers)} numbers.", remedy=FORM)


def _numbers(value: str, text: str) -> list[float]:
    parts = [part.strip() for part in value.split(",")]
    if len(parts) in (2, 3) and "point" in text:
        label = parts[2] if len(parts) == 3 else "+"
        if label not in ("+", "-"):
            raise PromptError(f"The prompt {text!r} ends in {label!r}, not + or -.", remedy=FORM)
        parts = [*parts[:2], "1" if label == "+" else "0"]
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise PromptError(
            f"The prompt {text!r} has a part that is no number.", remedy=FORM
        ) from None


def read_mask(path: Path) -> np.ndarray:
    """A mask image as booleans: every pixel that is not 0.

    Raises:
        PromptError: the file is missing or no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
    if image is None:
        raise PromptError(f"The mask {path} is missing or no image.", remedy="Give a PNG file.")
    return np.asarray(image.reshape(*image.shape[:2], -1).any(-1))
