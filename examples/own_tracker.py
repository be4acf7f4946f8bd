"""Your own tracker in vidmem: it gains memory, sharp edges, absence, saving, the command line.

This one only carries the mask along the optical flow. Try: python examples/own_tracker.py
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as nn

from vidmem.flow import flow, warp
from vidmem.testing import check_tracker
from vidmem.types import Features, Masks, PageShape, Tokens


class FlowTracker:
    def encode(self, frame, previous):
        image = cv2.resize(frame.image, (96, 72))
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        back = flow(grey, previous.features.grey) if previous else None
        return Features(image, grey, back)

    def segment(self, features, recall, prompts):
        masks = {}
        if recall.previous and recall.previous.masks.ids:
            old = recall.previous.masks
            for object_id, logits in zip(old.ids, old.logits, strict=True):
                masks[object_id] = torch.from_numpy(warp(logits.numpy(), features.flow, outside=-8))
        for prompt in prompts:  # this small tracker takes mask prompts only
            small = cv2.resize(prompt.mask.astype(np.float32), features.grey.shape[::-1])
            masks[prompt.object_id] = torch.from_numpy(16 * small - 8)
        seen = tuple(float((logits > 0).any()) for logits in masks.values())
        return Masks(
            ids=tuple(masks),
            logits=torch.stack(list(masks.values())) if masks else torch.zeros(0, 72, 96),
            presence=seen,
            reliability=seen,
            occluded=(False,) * len(masks),
            state={object_id: {} for object_id in masks},
        )

    def page_shapes(self, features):
        return {"object": PageShape(tokens=54, groups=1, key=3, value=1)}

    def remember(self, stream, features, masks):
        colour = torch.from_numpy(features.image).permute(2, 0, 1)[None].float() / 255
        keys = nn.adaptive_avg_pool2d(colour, (6, 9))[0].flatten(1).T
        row = masks.logits[masks.ids.index(stream.object_id)]
        values = nn.adaptive_avg_pool2d(row.sigmoid()[None, None], (6, 9)).flatten()
        mean = (keys * values[:, None]).sum(0)
        descriptor = mean / mean.norm().clamp(min=1e-6)
        return Tokens(keys[:, None], values[:, None, None], descriptor.numpy())


if __name__ == "__main__":
    print(f"mean IoU on a moving square: {check_tracker(FlowTracker()):.2f}")
