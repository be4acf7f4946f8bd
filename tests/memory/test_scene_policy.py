from itertools import pairwise

from vidmem.memory.scene_policy import admit_scene, evict_scene
from vidmem.types import Card


def card(index, travel_px, scene=0):
    return Card(index, index / 30, 100.0, travel_px, scene, {})


def remember(cards, limit=8):
    kept = []
    for each in cards:
        if admit_scene(each, kept):
            kept.append(each)
        while len(kept) > limit:
            victim = evict_scene(kept, limit)
            kept = [k for k in kept if k.index != victim]
    return kept


def test_the_first_frame_and_every_cut_are_admitted():
    assert admit_scene(card(0, 0.0), []) == "new scene"
    assert admit_scene(card(5, 0.0, scene=1), [card(0, 0.0)]) == "new scene"


def test_a_still_camera_adds_nothing():
    assert len(remember([card(i, 0.01 * i) for i in range(100)])) == 1


def test_gaps_grow_with_distance():
    kept = remember([card(i, 2.0 * i) for i in range(400)], limit=10)
    travels = [k.travel_px for k in kept]
    assert len(kept) == 10
    assert travels[0] == 0, "the oldest place stays"
    gaps = [b - a for a, b in pairwise(travels)]
    assert gaps[-1] < 20 < 50 < gaps[0]
