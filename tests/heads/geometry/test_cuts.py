import cv2
import numpy as np

from vidmem.flow import flow
from vidmem.heads.geometry.cuts import is_cut


def picture(seed):
    small = np.random.default_rng(seed).integers(0, 255, (30, 60)).astype(np.uint8)
    return cv2.resize(small, (480, 240), interpolation=cv2.INTER_CUBIC)


def cut(now, before):
    now, before = np.ascontiguousarray(now), np.ascontiguousarray(before)
    return is_cut(now, before, flow(now, before))


def test_another_picture_is_a_cut():
    assert cut(picture(0)[:, :320], picture(1)[:, :320])


def test_a_pan_that_flow_cannot_follow_is_none():
    wide = picture(2)
    assert not cut(wide[:, 130:450], wide[:, 0:320])


def test_brightness_and_black_frames_are_none():
    image = picture(3)[:, :320]
    assert not cut((image * 0.4).astype(np.uint8), image)
    assert not cut(np.zeros_like(image), image)
    assert not cut(image, np.zeros_like(image))
