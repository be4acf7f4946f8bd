"""Your own depth in vidmem: it gains memory, a scale check, saving, pictures and the command line.

This one says that what moves more is nearer. Try: python examples/own_depth.py
"""

import cv2
import numpy as np

from vidmem.testing import check_depth_base
from vidmem.types import Depth, Intrinsics


class MotionDepth:
    def estimate(self, frame, features, recall, masks):
        height, width = features.grey.shape
        previous = recall.previous.depth if recall.previous else None
        inverse = np.ones((height, width), np.float32)
        confidence = np.zeros((height, width), np.float32)
        if features.flow is not None:
            speed = cv2.GaussianBlur(np.linalg.norm(features.flow, axis=2), (0, 0), 5)
            inverse = (0.5 + speed / (speed.mean() + 0.1)).astype(np.float32)
            confidence = (speed / (speed + 1)).astype(np.float32)
        if previous is not None:
            inverse = (0.8 * previous.inverse + 0.2 * inverse).astype(np.float32)
        return Depth(
            inverse=inverse,
            confidence=confidence,
            metric=False,
            intrinsics=Intrinsics(width, width, width / 2, height / 2, assumed=True),
            scene=0,
        )


if __name__ == "__main__":
    check_depth_base(MotionDepth())
    print("MotionDepth keeps every promise of vidmem.DepthBase")
