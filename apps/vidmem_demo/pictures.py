"""Pictures for the browser: masks and clicks over the frame, depth beside it, as JPEG."""

from base64 import b64encode
from collections.abc import Sequence

import cv2
import numpy as np

from vidmem import Prompt
from vidmem.sinks import display_palette, draw_objects

LARGEST_WIDTH, LARGEST_HEIGHT = 640, 480
QUALITY = 82
WHITE, BLACK = (255, 255, 255), (20, 20, 20)


def fit(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width on the page for a frame of ``size``."""
    height, width = size
    scale = min(1.0, LARGEST_WIDTH / width, LARGEST_HEIGHT / height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def draw(
    image: np.ndarray,
    labels: np.ndarray | None,
    prompts: Sequence[Prompt] = (),
    corner: tuple[int, int] | None = None,
) -> np.ndarray:
    """The frame at page size with masks and clicks; names are the page's."""
    height, width = fit((image.shape[0], image.shape[1]))
    scale = width / image.shape[1]
    drawn = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    if labels is not None:
        small = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
        drawn = draw_objects(drawn, small, ())
    for prompt in prompts:
        _mark(drawn, prompt, scale)
    if corner is not None:
        cv2.drawMarker(drawn, _place(corner, scale), WHITE, cv2.MARKER_CROSS, 22, 2, cv2.LINE_AA)
    return drawn


def jpeg(image: np.ndarray, *, quality: int = QUALITY) -> str:
    """A data URL: nothing is written to disk, so nothing has to be cleaned up."""
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return "data:image/jpeg;base64," + b64encode(encoded.tobytes()).decode()


def outlined(thumbnail: np.ndarray, labels: np.ndarray, object_id: int) -> np.ndarray:
    """One object of a small picture: the rest is dark."""
    size = thumbnail.shape[1], thumbnail.shape[0]
    own = cv2.resize((labels == object_id).view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    drawn = np.where(own[..., None] > 0, thumbnail, thumbnail // 5 * 2)
    colour = tuple(int(value) for value in display_palette()[object_id])
    edges, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(drawn, edges, -1, colour, 1)


def colour_of(object_id: int) -> str:
    """As CSS."""
    red, green, blue = (int(value) for value in display_palette()[object_id])
    return f"rgb({red}, {green}, {blue})"


def _mark(drawn: np.ndarray, prompt: Prompt, scale: float) -> None:
    colour = tuple(int(value) for value in display_palette()[prompt.object_id])
    if prompt.box is not None:
        left, top, right, bottom = (round(value * scale) for value in prompt.box)
        cv2.rectangle(drawn, (left, top), (right, bottom), BLACK, 3, cv2.LINE_AA)
        cv2.rectangle(drawn, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
    for x, y, label in prompt.points:
        place = _place((x, y), scale)
        cv2.circle(drawn, place, 9, BLACK if label else colour, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(drawn, place, 7, colour if label else BLACK, cv2.FILLED, cv2.LINE_AA)
        cv2.line(drawn, (place[0] - 4, place[1]), (place[0] + 4, place[1]), WHITE, 2)
        if label:
            cv2.line(drawn, (place[0], place[1] - 4), (place[0], place[1] + 4), WHITE, 2)


def _place(point: tuple[float, float], scale: float) -> tuple[int, int]:
    return round(point[0] * scale), round(point[1] * scale)
