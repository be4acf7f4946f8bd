"""Working-size masks to frame size."""

from dataclasses import replace

import cv2
import numpy as np

from vidmem.types import Depth, Features, Frame, Masks, Recall


class EdgeRefiner:
    """Upsamples logits and lets objects compete per pixel."""

    def refine(
        self, frame: Frame, features: Features, recall: Recall, masks: Masks, depth: Depth | None
    ) -> Masks:
        """The same masks with labels at frame size."""
        height, width = frame.size
        labels = np.zeros((height, width), np.uint8)
        if masks.ids:
            large = [
                cv2.resize(row.numpy(), (width, height), interpolation=cv2.INTER_LINEAR)
                for row in masks.logits
            ]
            stacked = np.stack(large)
            ids = np.array(masks.ids, np.uint8)
            labels = np.where(stacked.max(0) > 0, ids[stacked.argmax(0)], 0).astype(np.uint8)
        return replace(masks, labels=labels)
