import numpy as np
import torch

from vidmem.refine.edges import EdgeRefiner
from vidmem.types import Features, Frame, Masks, Recall


def refine(logits, image):
    small = image[::2, ::2].copy()
    features = Features(small, small[..., 0].copy(), None)
    count = len(logits)
    masks = Masks(
        tuple(range(1, count + 1)),
        logits,
        (1.0,) * count,
        (1.0,) * count,
        (False,) * count,
        {i: {} for i in range(1, count + 1)},
    )
    recall = Recall(0, None, {}, {}, ())
    return EdgeRefiner().refine(Frame(image, 0, 0.0), features, recall, masks, None).labels


def square():
    image = np.zeros((80, 120, 3), np.uint8)
    image[20:60, 41:81] = 200
    logits = torch.full((1, 40, 60), -6.0)
    logits[0, 10:30, 20:40] = 6
    return image, logits


def test_mask_follows_the_picture():
    image, logits = square()
    labels = refine(logits, image)
    truth = image[..., 0] > 0
    assert labels.shape == truth.shape
    assert ((labels == 1) & truth).sum() / ((labels == 1) | truth).sum() > 0.95


def test_absent_and_one_pixel_objects():
    image, logits = square()
    assert not refine(torch.full_like(logits, -9.0), image).any()
    tiny = torch.full_like(logits, -9.0)
    tiny[0, 0, 59] = 9
    assert refine(tiny, image).shape == (80, 120)


def test_stronger_object_wins():
    image, logits = square()
    labels = refine(torch.cat([logits, logits / 10]), image)
    assert (labels == 1).sum() > 10 * (labels == 2).sum()
