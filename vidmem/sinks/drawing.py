"""Masks over a picture: tinted, outlined, named."""

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.sinks.palette import display_palette
from vidmem.types import ObjectState

OPACITY = 0.45
FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE = (255, 255, 255)


def draw_objects(
    image: UInt8[np.ndarray, "height width 3"],
    labels: UInt8[np.ndarray, "height width"],
    objects: tuple[ObjectState, ...],
) -> UInt8[np.ndarray, "height width 3"]:
    """A new picture: a tint inside, a contour, and a label with id or name and presence.

    Args:
        image: RGB.
        labels: object ids of the same size, 0 is background.
        objects: what the labels say; their boxes are found in ``labels``.
    """
    drawn = image.copy()
    draw_over(drawn, labels, objects)
    return drawn


def draw_over(
    image: UInt8[np.ndarray, "height width 3"],
    labels: UInt8[np.ndarray, "height width"],
    objects: tuple[ObjectState, ...],
) -> None:
    """``draw_objects`` in the picture itself, which may be a part of a larger one."""
    colours = display_palette()
    thickness = 1 + max(image.shape[:2]) // 640
    # Only where something is: a picture is mostly background.
    left, top, width, height = cv2.boundingRect(labels)
    if width:
        part = np.s_[top : top + height, left : left + width]
        _tint(image[part], labels[part], colours, thickness)
    lost = 0
    for state in objects:
        colour = tuple(int(value) for value in colours[state.object_id])
        left, top, width, _ = cv2.boundingRect((labels == state.object_id).view(np.uint8))
        if width:
            _label(image, _text(state), (left, top), colour)
        else:
            _label(image, f"{_text(state)} {state.status}", (0, lost), colour, below=True)
            lost += round(40 * _scale(image))


def _tint(image: np.ndarray, labels: np.ndarray, colours: np.ndarray, thickness: int) -> None:
    colour = cv2.LUT(cv2.merge([labels] * 3), colours[:, None, :])
    mixed = cv2.addWeighted(image, 1 - OPACITY, colour, OPACITY, 0)
    kernel = np.ones((2 * thickness + 1,) * 2, np.uint8)
    padded = cv2.copyMakeBorder(labels, *(thickness,) * 4, cv2.BORDER_CONSTANT, value=0)
    edge = cv2.erode(padded, kernel)[thickness:-thickness, thickness:-thickness] != labels
    inside = (labels > 0).view(np.uint8)
    cv2.copyTo(mixed, inside, image)
    cv2.copyTo(colour, inside & edge.view(np.uint8), image)


def _text(state: ObjectState) -> str:
    name = state.name if state.name and state.name.isascii() else ""
    number = str(state.object_id)
    shown = number if name in ("", number) else f"{number} {name}"
    return f"{shown} {state.presence:.2f}"


def _scale(image: np.ndarray) -> float:
    return float(np.clip(image.shape[0] / 900, 0.35, 1.6))


def _label(
    image: np.ndarray,
    text: str,
    corner: tuple[int, int],
    colour: tuple[int, ...],
    *,
    below: bool = False,
) -> None:
    """Black or white letters, whichever can be read on the colour."""
    scale = _scale(image)
    thickness = 2 if scale > 0.6 else 1
    (width, height), base = cv2.getTextSize(text, FONT, scale, thickness)
    box_height = height + base + 2
    left = max(0, min(corner[0], image.shape[1] - width - 4))
    top = corner[1] if below else max(0, corner[1] - box_height)
    cv2.rectangle(image, (left, top), (left + width + 4, top + box_height), colour, cv2.FILLED)
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 140
    letters = (0, 0, 0) if bright else WHITE
    place = (left + 2, top + height + 1)
    cv2.putText(image, text, place, FONT, scale, letters, thickness, cv2.LINE_AA)
