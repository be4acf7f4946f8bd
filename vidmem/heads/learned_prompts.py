"""Masks from boxes, learned: the closed form's answer, corrected in rounds."""

from functools import lru_cache

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8

from vidmem.heads.contrast import Window
from vidmem.heads.learned_prompts_cues import SIDE, Cues, cues_of, matrix_of
from vidmem.heads.learned_prompts_features import WITHIN, Look
from vidmem.heads.learned_prompts_network import PromptNetwork
from vidmem.heads.learned_weights import FOLDER, Kind, filled, read_weights

SHIPPED = FOLDER / "nano-prompts.safetensors"
PROMPTS = Kind("vidmem nano prompts 2", PromptNetwork, "train_prompts.py")


@lru_cache(maxsize=1)
def shipped_prompt_network() -> PromptNetwork:
    """The network that comes with vidmem, ready to answer.

    Raises:
        CheckpointError: as ``read_weights``.
    """
    with torch.device("meta"):
        network = PromptNetwork()
    weights, _ = read_weights(SHIPPED, PROMPTS)
    return filled(network, weights)


def learned_mask_of_box(
    network: PromptNetwork, image: UInt8[np.ndarray, "h w 3"], box: Window
) -> Float32[np.ndarray, "h w"]:
    """Probability of the object; 0 outside its box, 1 in all of it where nothing stands out.

    Args:
        network: trained.
        image: RGB.
        box: left, top, right, bottom in its pixels.
    """
    left, top = (int(side) for side in box[:2])
    right, bottom = max(left + 1, round(box[2])), max(top + 1, round(box[3]))
    whole = (float(left), float(top), float(right), float(bottom))
    square = answers(network, cues_of(image, whole))[-1]
    size = image.shape[1], image.shape[0]
    found = np.zeros(image.shape[:2], np.float32)
    part = np.s_[top:bottom, left:right]
    found[part] = cv2.warpAffine(square, matrix_of(whole), size, flags=cv2.INTER_LINEAR)[part]
    if not (found > 0.5).any():
        found[part] = 1
    return found


@torch.no_grad()
def answers(
    network: PromptNetwork, cues: Cues, *, rounds: int | None = None
) -> list[Float32[np.ndarray, "side side"]]:
    """Every round's probability in the square around the box, 0 outside the box."""
    look = Look(cues)
    features, known = look.first, cues.planes[0]
    found: list[np.ndarray] = []
    for each in list(network.rounds)[:rounds]:
        logits = each(torch.from_numpy(features[WITHIN]), torch.from_numpy(known[WITHIN]))
        answer = np.zeros((SIDE, SIDE), np.float32)
        answer[WITHIN] = torch.sigmoid(logits).numpy()
        found.append(answer)
        if len(found) < len(network.rounds):
            features, known = look.after(answer, look.context(answer)), 2 * answer - 1
    return found
