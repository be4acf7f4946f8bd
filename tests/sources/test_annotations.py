"""Masks made elsewhere become prompts; damaged ones are refused."""

import json

import numpy as np
import pytest
from PIL import Image

from vidmem.errors import PromptError
from vidmem.prompts import check_prompts
from vidmem.sources import read_annotations


def save(path, labels, mode="P"):
    image = Image.fromarray(labels.astype(np.uint8))
    if mode == "P":
        image.putpalette(list(range(256)) * 3)
    image.save(path)


@pytest.fixture
def labels():
    """Objects 1 and 7, and a void seam."""
    array = np.zeros((12, 16), np.uint8)
    array[1:5, 1:5], array[6:9, 8:12], array[10] = 1, 7, 255
    return array


def test_a_davis_mask(tmp_path, labels):
    save(tmp_path / "00003.png", labels)
    prompts = read_annotations(tmp_path / "00003.png")
    assert list(prompts) == [0] and [p.object_id for p in prompts[0]] == [1, 7]
    assert (prompts[0][1].mask == (labels == 7)).all()
    check_prompts(prompts[0], (12, 16))


def test_a_binary_mask_is_one_object(tmp_path, labels):
    save(tmp_path / "a.png", np.where(labels, 255, 0), mode="L")
    (prompt,) = read_annotations(tmp_path / "a.png")[0]
    assert prompt.object_id == 1 and (prompt.mask == (labels > 0)).all()


def test_objects_enter_in_the_frame_that_first_shows_them(tmp_path, labels):
    save(tmp_path / "00000.png", np.where(labels == 1, 1, 0))
    save(tmp_path / "00010.png", labels)
    prompts = read_annotations(tmp_path)
    assert {index: [p.object_id for p in given] for index, given in prompts.items()} == {
        0: [1],
        10: [7],
    }


def test_names_of_frames_give_their_positions(tmp_path, labels):
    frames, masks = tmp_path / "frames", tmp_path / "masks"
    for folder in (frames, masks):
        folder.mkdir()
    for name in ("00000", "00005", "00010"):
        save(frames / f"{name}.png", labels)
    save(masks / "00010.png", labels)
    assert list(read_annotations(masks, frames=frames)) == [2]
    save(masks / "other.png", labels)
    with pytest.raises(PromptError, match="belongs to no frame"):
        read_annotations(masks, frames=frames)


def coco(**changes):
    square = [[1.0, 1.0, 9.0, 1.0, 9.0, 7.0, 1.0, 7.0]]
    annotation = {"id": 1, "image_id": 5, "category_id": 1, "segmentation": square, **changes}
    image = {"id": 5, "file_name": "00002.jpg", "width": 16, "height": 12}
    return {"images": [image], "annotations": [annotation], "categories": []}


def test_coco_polygons_and_runs(tmp_path):
    path = tmp_path / "a.json"
    runs = {"size": [12, 16], "counts": [20, 30, 142]}
    for segmentation, area in ((coco()["annotations"][0]["segmentation"], 48), (runs, 30)):
        path.write_text(json.dumps(coco(segmentation=segmentation, track_id=9)))
        (prompt,) = read_annotations(path)[0]
        assert prompt.object_id == 9 and prompt.mask.shape == (12, 16)
        assert prompt.mask.sum() == pytest.approx(area, abs=8)


DAMAGED = {
    "runs too short": {"segmentation": {"size": [12, 16], "counts": [20, 30]}},
    "runs too long": {"segmentation": {"size": [12, 16], "counts": [20, 30, 10**9]}},
    "negative runs": {"segmentation": {"size": [12, 16], "counts": [-5, 197]}},
    "text runs too short": {"segmentation": {"size": [12, 16], "counts": "0"}},
    "text runs too long": {"segmentation": {"size": [12, 16], "counts": "PPPPPPPPPPP"}},
    "not ascii": {"segmentation": {"size": [12, 16], "counts": "\u20ac\u20ac"}},
    "another size": {"segmentation": {"size": [99, 99], "counts": [9801]}},
    "two points": {"segmentation": [[1, 1, 2, 2]]},
    "odd numbers": {"segmentation": [[1, 1, 2, 2, 3, 3, 4]]},
    "not finite": {"segmentation": [[1, 1, 2, 2, 3, float("nan")]]},
    "far away": {"segmentation": [[1, 1, 2, 2, 1e18, 3]]},
    "words": {"segmentation": "mask"},
    "nothing": {"segmentation": None},
    "no track": {"track_id": "x"},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_coco_is_refused(tmp_path, name):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco(**DAMAGED[name])))
    with pytest.raises(PromptError) as caught:
        read_annotations(path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"images": 5}', "[" * 10**5, '{"images": [{}], "annotations": []}']
)
def test_json_that_is_no_coco(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(PromptError):
        read_annotations(tmp_path / "a.json")


def test_other_files_that_are_no_masks(tmp_path, labels):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "rgb.png")
    save(tmp_path / "empty.png", 0 * labels)
    (tmp_path / "text.png").write_text("text")
    for name in ("rgb.png", "empty.png", "text.png", "missing.png", "missing.json"):
        with pytest.raises(PromptError):
            read_annotations(tmp_path / name)
