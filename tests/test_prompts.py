"""Prompts: what is allowed, what is refused, and how they are written."""

import cv2
import numpy as np
import pytest

from vidmem.errors import PromptError
from vidmem.prompts import check_prompts, parse_prompt
from vidmem.types import Prompt

SIZE = (100, 200)


@pytest.mark.parametrize(
    ("text", "frame", "prompt"),
    [
        ("1:box=100,80,240,300", 0, Prompt(1, box=(100, 80, 240, 300))),
        ("2:point=400,200", 0, Prompt(2, points=((400, 200, 1),))),
        ("2:point=420,180,-@15", 15, Prompt(2, points=((420, 180, 0),))),
        ("3:box=1.5,2,3,4@7", 7, Prompt(3, box=(1.5, 2, 3, 4))),
    ],
)
def test_the_written_form(text, frame, prompt):
    index, parsed = parse_prompt(text)
    assert index == frame
    assert (parsed.object_id, parsed.box, parsed.points) == (
        prompt.object_id, prompt.box, prompt.points,
    )  # fmt: skip


def test_a_mask_file_is_read_as_booleans(tmp_path):
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), np.eye(5, dtype=np.uint8) * 3)
    _, prompt = parse_prompt(f"1:mask={path}")
    assert np.array_equal(prompt.mask, np.eye(5, dtype=bool))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "box=1,2,3,4",
        "1:box=1,2,3",
        "1:box=a,b,c,d",
        "1:point=1",
        "1:point=1,2,?",
        "1:mask=no.png",
    ],
)
def test_other_forms_are_refused_with_a_remedy(text):
    with pytest.raises(PromptError) as caught:
        parse_prompt(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (Prompt(1), "is empty"),
        (Prompt(0, box=(0, 0, 5, 5)), "not between"),
        (Prompt(1, box=(50, 50, 50, 60)), "is empty"),
        (Prompt(1, box=(0, 0, 201, 50)), "leaves the 200x100 frame"),
        (Prompt(1, box=(0, 0, float("nan"), 50)), "is empty"),
        (Prompt(1, points=((200, 5, 1),)), "outside"),
        (Prompt(1, points=((5, 5, 0),)), "only negative"),
        (Prompt(1, points=((5, 5, 1), (5, 5, 0))), "contradict"),
        (Prompt(1, box=(0, 0, 10, 10), points=((50, 50, 1),)), "contradict"),
        (Prompt(1, mask=np.zeros(SIZE, bool)), "is empty"),
        (Prompt(1, mask=np.ones((3, 3), bool)), "is 3x3, the frame 200x100"),
    ],
)
def test_what_cannot_be_followed_is_refused(prompt, words):
    with pytest.raises(PromptError, match=words):
        check_prompts([prompt], SIZE)


def test_box_and_points_of_one_object_are_merged():
    (merged,) = check_prompts(
        [
            Prompt(1, box=(0, 0, 50, 50)),
            Prompt(1, points=((9, 9, 1),)),
            Prompt(1, points=((99, 9, 0),)),
        ],
        SIZE,
    )
    assert merged.box == (0, 0, 50, 50) and len(merged.points) == 2


def test_two_boxes_of_one_object_are_refused():
    with pytest.raises(PromptError, match="two box prompts"):
        check_prompts([Prompt(1, box=(0, 0, 5, 5)), Prompt(1, box=(9, 9, 20, 20))], SIZE)


def test_a_negative_click_corrects_an_object_that_exists():
    (prompt,) = check_prompts([Prompt(1, points=((5, 5, 0),))], SIZE, known=[1])
    assert prompt.points == ((5, 5, 0),)
