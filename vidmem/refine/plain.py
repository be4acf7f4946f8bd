"""Masks at frame size without looking at the picture again: what is left when time is short."""

from dataclasses import replace

import cv2
import numpy as np

from vidmem.types import Depth, Features, Frame, Masks, Recall


class PlainRefiner:
    """Enlarges the masks; edges stay as coarse as the working size."""

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks with labels at frame size."""
        labels = np.zeros(masks.logits.shape[1:], np.uint8)
        best = np.zeros(masks.logits.shape[1:], np.float32)
        for object_id, row in zip(masks.ids, masks.logits.cpu().numpy(), strict=True):
            wins = row > best
            labels[wins], best[wins] = object_id, row[wins]
        large = cv2.resize(labels, frame.size[::-1], interpolation=cv2.INTER_NEAREST)
        return replace(masks, labels=large)
