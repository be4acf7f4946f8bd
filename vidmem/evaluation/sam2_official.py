"""The ``sam2`` package's own video predictor, as the yardstick of tests and benchmarks."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from vidmem.models.sam2 import SIZES
from vidmem.types import Frame, Prompt


def build_official(size: str, *, image_size: int, weights: Mapping[str, Tensor]) -> Any:
    """A ``SAM2VideoPredictor`` with these weights.

    Small holes are not filled: that needs the package's CUDA extension, and without it the package
    warns and goes on.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"sam2|hydra|iopath|omegaconf")
        from sam2.build_sam import build_sam2_video_predictor

        predictor = build_sam2_video_predictor(
            f"configs/sam2.1/sam2.1_hiera_{SIZES[size]}.yaml",
            device="cpu",
            hydra_overrides_extra=[f"++model.image_size={image_size}"],
        )
    predictor.load_state_dict(dict(weights))
    predictor.fill_hole_area = 0
    return predictor


def write_frames(frames: Sequence[Frame], folder: Path) -> None:
    """As the package reads them: names end in .jpg, but nothing is lost inside."""
    for frame in frames:
        Image.fromarray(frame.image).save(folder / f"{frame.index:05d}.jpg", format="PNG")


def follow(
    predictor: Any, state: Any, prompts: Mapping[int, Sequence[Prompt]], *, frames: int
) -> Iterator[tuple[int, dict[int, Float[Tensor, "rows columns"]]]]:
    """Mask logits of every object at a quarter of the input size, frame by frame.

    Prompts stop the propagation at their frame, where a person sees what is wrong; the package goes
    on from there, so that frame comes twice.
    """
    starts = sorted(prompts)
    for start, end in zip(starts, [*starts[1:], frames], strict=True):
        for prompt in prompts[start]:
            _prompt(predictor, state, start, prompt)
        turn = predictor.propagate_in_video(
            state, start_frame_idx=start, max_frame_num_to_track=end - start
        )
        for index, ids, _ in turn:
            yield index, {i: _logits(state, index, row) for row, i in enumerate(ids)}


def _logits(state: Any, index: int, row: int) -> Tensor:
    outputs = state["output_dict_per_obj"][row]
    kind = "cond" if index in outputs["cond_frame_outputs"] else "non_cond"
    logits: Tensor = outputs[f"{kind}_frame_outputs"][index]["pred_masks"][0, 0]
    return logits


def _prompt(predictor: Any, state: Any, index: int, prompt: Prompt) -> None:
    if prompt.mask is not None:
        predictor.add_new_mask(state, index, prompt.object_id, prompt.mask)
        return
    predictor.add_new_points_or_box(
        state,
        index,
        prompt.object_id,
        points=[(x, y) for x, y, _ in prompt.points] or None,
        labels=[label for _, _, label in prompt.points] or None,
        box=prompt.box,
    )
