"""An entry for the VOT challenge's public toolkit, which starts this program and talks to it.

The toolkit is under the GPL and stays in an environment of its own; what speaks its protocol (TraX)
here is ``vot-trax``, under a BSD licence: the extra ``vot``. See docs/vot.md.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from trax import FileImage, Mask, Region, TraxStatus
from trax.server import Server

from vidmem import Frame, Prompt, load

FRAMES_PER_SECOND = 30.0
"""The protocol does not say."""


class Follower:
    """One sequence: objects are answered in the order in which they were given.

    Args:
        family: which models, as for ``vidmem.load``.
    """

    def __init__(self, family: str) -> None:
        self._engine = load(family)
        self._index = 0
        self._objects = 0

    def step(self, image: np.ndarray, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Masks [height width] of all objects so far, 0 or 1; an absent object's is empty.

        Args:
            image: [height width 3], RGB.
            given: masks of new objects, from the top left; they may be smaller than the image.

        Raises:
            ObjectError: more objects than the memory has room for.
        """
        ids = range(self._objects + 1, self._objects + 1 + len(given))
        masks = [whole(mask, image.shape[:2]) for mask in given]
        prompts = [Prompt(i, mask=mask) for i, mask in zip(ids, masks, strict=True) if mask.any()]
        frame = Frame(image, self._index, self._index / FRAMES_PER_SECOND)
        found = self._engine.step(frame, prompts).masks
        self._index += 1
        self._objects += len(given)
        return [found.mask(i).astype(np.uint8) for i in range(1, self._objects + 1)]


def whole(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As large as the image: what is missing is outside, what lies beyond is left out."""
    inside = np.zeros(size, bool)
    part = mask[: size[0], : size[1]] > 0
    inside[: part.shape[0], : part.shape[1]] = part
    return inside


def serve(family: str) -> None:
    """Answer frame by frame until the toolkit says that it is enough."""
    follower = Follower(family)
    with Server([Region.MASK], [FileImage.PATH], tracker_name="vidmem", multiobject=True) as server:
        while (request := server.wait()).type != TraxStatus.QUIT:
            if request.type == TraxStatus.INITIALIZE:
                follower = Follower(family)
            given = [region.array(normalize=True) for region, _ in request.objects or ()]
            found = follower.step(_picture(request.image), given)
            server.status([(Mask.create(mask), {}) for mask in found])


def _picture(channels: Mapping[str, Any]) -> np.ndarray:
    with Image.open(channels["color"].path()) as image:
        return np.asarray(image.convert("RGB"))


def main() -> None:
    """Talk to the toolkit over standard input and output."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--family", default="nano", help="which models, as for vidmem run")
    serve(parser.parse_args().family)


if __name__ == "__main__":
    main()
