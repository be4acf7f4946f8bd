"""Stored tokens: a page remembers where the object was by how it looks."""

import numpy as np
import torch

from vidmem.config import TrackerConfig
from vidmem.features.nano import NanoEncoder
from vidmem.heads.readout import KEY, TOKENS, choose, page_of, read_pages
from vidmem.memory.pages import Pool
from vidmem.testing import moving_square, truth
from vidmem.types import MemoryView, PageShape, Recall, Stream, Tier

FRAMES = list(moving_square(12))


def logits_of(frame):
    return torch.from_numpy(np.where(truth(frame), 6.0, -6.0).astype(np.float32))


def encode(frame):
    return NanoEncoder(TrackerConfig()).encode(frame, None)


def recall_of(page, index):
    pool = Pool(PageShape(TOKENS, 1, KEY, 1), 2)
    pages = pool.pages(torch.tensor([[pool.take(page)]]))
    view = MemoryView((Stream("object", 1),), pages, ((index,),), ((Tier.PINNED,),))
    return Recall(index, None, {}, {"object": view}, ())


def test_a_page_finds_the_object_where_it_went():
    page = page_of(encode(FRAMES[0]), logits_of(FRAMES[0]))
    read = read_pages(encode(FRAMES[11]), recall_of(page, 11))
    inside = read.inside[1].numpy()
    where = truth(FRAMES[11])
    assert inside[where].mean() > inside[~where].mean() + 0.5
    assert abs(sum(read.attention[Stream("object", 1)]) - 1) < 1e-5


def test_without_pages_nothing_is_read():
    assert read_pages(encode(FRAMES[0]), Recall(0, None, {}, {}, ())).inside == {}


def test_a_page_holds_the_object_first_and_never_more_than_its_room():
    large = torch.zeros(40, 50)
    large[5:35, 5:45] = 1
    chosen = choose(large)
    assert len(chosen) == TOKENS == len(set(chosen.tolist()))
    assert (large.flatten()[chosen] > 0.5).sum() == TOKENS // 2
    small = torch.zeros(40, 50)
    small[3, 4] = 1
    assert choose(small)[0] == 3 * 50 + 4


def test_the_description_tells_objects_apart_and_is_of_unit_length():
    features = encode(FRAMES[0])
    square = page_of(features, logits_of(FRAMES[0])).descriptor
    ground = page_of(features, -logits_of(FRAMES[0])).descriptor
    later = page_of(encode(FRAMES[11]), logits_of(FRAMES[11])).descriptor
    assert abs(np.linalg.norm(square) - 1) < 1e-5
    assert square @ later > square @ ground
