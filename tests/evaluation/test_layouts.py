"""Every layout with a tiny made-up copy; the means are worked out by hand.

The engine shows an object where it was given, so J and F are 1 in the frames in which the object is
there and 0 where it is not.
"""

import json
import math
import zipfile

import pytest

from vidmem.evaluation.benchmarks import evaluate_set


def numbers(count, *, digits=5, step=1, start=0):
    return [f"{index:0{digits}}" for index in range(start, start + count * step, step)]


@pytest.fixture
def evaluate(tmp_path, echo):
    def run(name, **options):
        return evaluate_set(name, tmp_path, out=tmp_path / "out", make_engine=echo, **options)

    return run


def test_davis_2017_leaves_out_the_ends_and_takes_the_mean_over_objects(
    tmp_path, write, labels, evaluate
):
    names = numbers(5)
    truth = [labels(1, 2), labels(1, 2), labels(1), labels(1), labels()]
    for video, masks in {"a": truth, "b": [labels(1)] + [labels()] * 4, "c": truth}.items():
        write(f"JPEGImages/480p/{video}", f"Annotations/480p/{video}", names,
              dict(zip(names, masks, strict=True)))  # fmt: skip
    (tmp_path / "ImageSets/2017").mkdir(parents=True)
    (tmp_path / "ImageSets/2017/val.txt").write_text("a\nb\n")
    report = evaluate("davis2017")
    assert list(report["sequences"]) == ["a", "b"]
    assert report["sequences"]["a"]["J"] == pytest.approx((1 + 1 / 3) / 2)
    assert report["J"] == report["F"] == report["JF"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert report["JF_spread"] == pytest.approx((2 / 3 - 0) / 2) and report["objects"] == 3


def test_davis_2016_makes_one_object_of_all(tmp_path, write, labels, evaluate):
    names = numbers(4)
    write("JPEGImages/480p/a", "Annotations/480p/a", names,
          dict.fromkeys(names, labels(1, 2)))  # fmt: skip
    (tmp_path / "ImageSets/480p").mkdir(parents=True)
    pairs = [f"/JPEGImages/480p/a/{n}.jpg /Annotations/480p/a/{n}.png" for n in names]
    (tmp_path / "ImageSets/480p/val.txt").write_text("\n".join(pairs))
    report = evaluate("davis2016")
    assert report["objects"] == 1 and report["J"] == 1.0


def youtube(tmp_path, write, labels, *, public):
    """Object 1 from frame 0, objects 2 and 3 from frame 5; yaks are not in the training split."""
    names = numbers(11)
    masks = {"00000": labels(1), "00005": labels(2, 3), "00010": labels(3)}
    if not public:
        del masks["00010"]
    write("valid_all_frames/JPEGImages/a", "valid/Annotations/a", names, masks)
    about = {"1": ("cat", names[::5]), "2": ("cat", names[5::5]), "3": ("yak", names[5::5])}
    objects = {key: {"category": c, "frames": frames} for key, (c, frames) in about.items()}
    for split, known in (("train", {"1": {"category": "cat"}}), ("valid", objects)):
        (tmp_path / split).mkdir(exist_ok=True)
        meta = {"videos": {"a": {"objects": known}}}
        (tmp_path / split / "meta.json").write_text(json.dumps(meta))


@pytest.mark.parametrize("year", ["2018", "2019"])
def test_youtube_vos_means_over_seen_and_unseen_of_objects_that_appear_later(
    tmp_path, write, labels, evaluate, year
):
    youtube(tmp_path, write, labels, public=True)
    report = evaluate(f"youtube-vos-{year}")
    assert report["J_seen"] == report["F_seen"] == 0.0, "1 and 2 are gone after they were given"
    assert report["J_unseen"] == 1.0
    assert report["JF"] == pytest.approx((0 + 0 + 1 + 1) / 4), "not 1/3, the mean over objects"


def test_youtube_vos_without_truth_packs_the_frames_that_the_server_wants(
    tmp_path, write, labels, evaluate
):
    youtube(tmp_path, write, labels, public=False)
    report = evaluate("youtube-vos-2019", split="valid")
    assert "JF" not in report and "YouTube-VOS server" in report["notes"][0]
    with zipfile.ZipFile(report["submission"]) as packed:
        wanted = [f"Annotations/a/{name}.png" for name in ("00000", "00005", "00010")]
        assert packed.namelist() == wanted
    assert "server" in (tmp_path / "out/report.md").read_text()


def lvos(tmp_path, write, labels):
    """Object 1 of both videos from 1 to 21, object 2 of the first from 6 to 22."""
    names = numbers(5, digits=8, step=5, start=1)
    masks = [labels(1), labels(1, 2), labels(2), labels(1), labels()]
    ranges = {"1": (1, 21, 5), "2": (6, 22, 4)}
    meta = {}
    for video, ids in {"old": ("1", "2"), "new": ("1",)}.items():
        write(f"valid/JPEGImages/{video}", f"valid/Annotations/{video}", names,
              dict(zip(names, masks, strict=True)))  # fmt: skip
        spans = {i: dict(zip(("start", "end", "frame_nums"), ranges[i], strict=True)) for i in ids}
        meta[video] = {"objects": {i: {"frame_range": spans[i]} for i in ids}}
    (tmp_path / "valid/valid_meta.json").write_text(json.dumps({"videos": meta}))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_lvos_judges_each_object_inside_its_range(tmp_path, write, labels, evaluate, version):
    lvos(tmp_path, write, labels)
    (tmp_path / "unseen_videos.txt").write_text("new\nanother")
    report = evaluate(f"lvos-{version}")
    # Object 1 counts in 6, 11 and 16 (there, not, there); object 2 in 11 and 16 (there, not).
    assert report["J_unseen"] == pytest.approx(2 / 3)
    assert report["J_seen"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert report["JF"] == pytest.approx((report["J_seen"] + report["J_unseen"]) / 2)
    # Variances 2/9 and 1/4, of which the first is rounded to 0.2222.
    new, old = math.sqrt(0.2222), (math.sqrt(0.2222) + 0.5) / 2
    assert report["V"] == pytest.approx((new + old) / 2, abs=1e-12)
    assert report["notes"] == []


def test_lvos_without_the_list_of_unseen_videos_says_so(tmp_path, write, labels, evaluate):
    lvos(tmp_path, write, labels)
    report = evaluate("lvos-v1")
    assert report["J"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 2) / 3)
    assert "unseen_videos.txt is missing" in report["notes"][0]


def test_long_videos_are_judged_where_they_are_labelled(write, labels, evaluate):
    masks = {"00000": labels(1), "00004": labels(1), "00007": labels(), "00009": labels()}
    write("JPEGImages/rat", "Annotations/rat", numbers(12), masks)
    report = evaluate("long-videos")
    assert report["J"] == pytest.approx(1 / 2), "in 4 and 7; the last labelled one does not count"
    assert report["sequences"]["rat"]["frames"] == 12


def test_mose_train_is_judged_and_val_is_packed(write, labels, evaluate):
    names = numbers(4)
    masks = [labels(1), labels(1, 2), labels(1), labels()]
    write("train/JPEGImages/a", "train/Annotations/a", names, dict(zip(names, masks, strict=True)))
    write("valid/JPEGImages/b", "valid/Annotations/b", names, {"00000": labels(1)})
    report = evaluate("mose", split="train")
    assert report["J"] == pytest.approx((1 + 0) / 2), "object 2 is given in 1 and gone in 2"
    report = evaluate("mose")
    with zipfile.ZipFile(report["submission"]) as packed:
        assert packed.namelist() == [f"b/{name}.png" for name in names]
