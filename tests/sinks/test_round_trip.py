"""Everything written is read back with a real reader of its format."""

import json

import av
import numpy as np
import pytest
import yaml
from PIL import Image

from vidmem.sinks import SINKS, open_sinks
from vidmem.sinks.palette import display_palette, palette
from vidmem.sources import open_source, read_annotations

SIZE = (61, 97)
FRAMES = 6
NUMPY_2 = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
"""pycocotools 2.0.11 has no copy keyword in its __array__."""


@pytest.fixture(scope="module")
def written(tmp_path_factory, request):
    """Six frames in every format at once, with a checkpoint in the middle; and the results."""
    make_result = request.getfixturevalue("make_result")
    out = tmp_path_factory.mktemp("all")
    results = [make_result(index, size=SIZE) for index in range(FRAMES)]
    sink = open_sinks(SINKS, out, frames_per_second=25, sequence="two things")
    for index, result in enumerate(results):
        sink.write(result)
        if index == 2:
            sink.checkpoint()
    sink.close()
    return out, results


def test_nothing_else_is_left(written):
    out, _ = written
    names = {path.name for path in out.iterdir()} - {".vidmem.json"}
    assert names == {
        *("overlay.mp4", "masks", "davis", "youtube-vos", "coco.json", "yolo-seg", "cutout.mov"),
        *("cutout.webm", "depth", "depth-npz", "depth-exr", "results.jsonl", "rosbag"),
    }
    assert not list(out.rglob("*.partial"))


def test_overlay_plays_in_a_browser(written):
    out, results = written
    path = out / "overlay.mp4"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.height, stream.width, stream.frames) == (62, 194, FRAMES)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index stands in front"
    frames = list(open_source(path))
    assert [frame.seconds for frame in frames] == pytest.approx(
        [result.frame.seconds for result in results], abs=1e-4
    )
    left = frames[0].image[:61, :97].astype(int)
    outside = results[0].masks.labels == 0
    assert np.abs(left - results[0].frame.image)[31:36][outside[31:36]].mean() < 12
    red, green = left[25, 10], left[57, 60]
    assert red[0] - red[2] > 40 and green[1] - green[0] > 30


@pytest.mark.parametrize(
    "folder", ["masks", "davis/two_things", "youtube-vos/Annotations/two_things"]
)
def test_palette_masks(written, folder):
    out, results = written
    for result in results:
        with Image.open(out / folder / f"{result.frame.index:05d}.png") as image:
            assert image.mode == "P" and image.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
            assert (np.asarray(image) == result.masks.labels).all()
    prompts = read_annotations(out / folder)
    assert [prompt.object_id for prompt in prompts[0]] == [1, 2]
    assert (prompts[0][0].mask == (results[0].masks.labels == 1)).all()


def test_davis_with_the_benchmark_that_scores_it(written, tmp_path):
    benchmark = pytest.importorskip("vos_benchmark.benchmark")
    out, _ = written
    scores = benchmark.benchmark([out / "davis"], [out / "davis"], verbose=False)
    assert scores[0][0] == pytest.approx(100)


def test_youtube_vos_says_who_is_where(written):
    meta = json.loads((written[0] / "youtube-vos" / "meta.json").read_text())
    objects = meta["videos"]["two_things"]["objects"]
    assert objects["1"] == {
        "category": "thing 1",
        "frames": [f"{index:05d}" for index in range(FRAMES)],
    }


@NUMPY_2
def test_coco_with_pycocotools(written, capsys):
    from pycocotools.coco import COCO

    out, results = written
    coco = COCO(str(out / "coco.json"))
    assert len(coco.getImgIds()) == FRAMES and len(coco.getAnnIds()) == 2 * FRAMES
    for result in results:
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[result.frame.index + 1])):
            mask = result.masks.labels == annotation["track_id"]
            assert (coco.annToMask(annotation) == mask).all()
            assert annotation["area"] == mask.sum()
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["thing 1", "thing 2"]
    assert [p.object_id for p in read_annotations(out / "coco.json")[0]] == [1, 2]


def test_yolo_with_supervision(written):
    supervision = pytest.importorskip("supervision")
    out, results = written
    folder = out / "yolo-seg"
    data = supervision.DetectionDataset.from_yolo(
        str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml"), force_masks=True
    )
    assert data.classes == ["thing 1", "thing 2"] and len(data) == FRAMES
    for path, image, found in data:
        result = results[int(path[-9:-4])]
        assert image.shape[:2] == SIZE
        for mask, number in zip(found.mask, found.class_id, strict=True):
            assert (mask == (result.masks.labels == number + 1)).all()
    assert yaml.safe_load((folder / "data.yaml").read_text())["nc"] == 2


@pytest.mark.parametrize(("name", "decoder"), [("cutout.mov", None), ("cutout.webm", "libvpx-vp9")])
def test_cutouts_have_alpha(written, name, decoder):
    out, results = written
    count = 0
    with av.open(str(out / name)) as container:
        stream = container.streams.video[0]
        context = av.CodecContext.create(decoder, "r") if decoder else stream.codec_context
        for packet in container.demux(stream):
            # The native VP9 decoder leaves alpha out; browsers do not.
            for frame in context.decode(packet if packet.size else None):
                alpha = frame.to_ndarray(format="rgba")[:61, :97, 3] > 127
                assert (alpha == (results[count].masks.labels > 0)).mean() > 0.99
                count += 1
    assert count == FRAMES


def test_sixteen_bit_depth(written):
    out, results = written
    runs = json.loads((out / "depth" / "depth.json").read_text())
    assert len(runs) == 1 and runs[0]["meaning"]["unit"] == "metre"
    for result in results:
        with Image.open(out / "depth" / f"{result.frame.index:05d}.png") as image:
            step = float(image.text["multiply_by"])
            metres = np.asarray(image).astype(float) * step
        assert metres == pytest.approx(1 / result.depth.inverse, abs=step)


def test_depth_arrays(written):
    out, results = written
    for result in results:
        with np.load(out / "depth-npz" / f"{result.frame.index:05d}.npz") as data:
            assert (data["inverse"] == result.depth.inverse).all() and bool(data["metric"])
            assert data["intrinsics"].tolist() == [30.0, 30.0, 16.0, 12.0]


def test_exr_with_openexr(written):
    openexr = pytest.importorskip("OpenEXR")
    out, results = written
    file = openexr.File(str(out / "depth-exr" / "00003.exr"))
    channels = file.channels()
    assert channels["Z"].pixels == pytest.approx(1 / results[3].depth.inverse)
    assert (channels["confidence"].pixels == 1).all() and file.header()["unit"] == "metre"


@NUMPY_2
def test_json_lines(written):
    from pycocotools import mask as coco

    out, results = written
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(FRAMES))
    first = lines[0]["objects"][0]
    assert (first["id"], first["name"], first["status"]) == (1, "thing 1", "visible")
    assert (coco.decode(first["segmentation"]) == (results[0].masks.labels == 1)).all()
    assert first["box"] == list(results[0].objects[0].box) and first["area"] > 0
    assert lines[0]["milliseconds"] == {"encode": 1.5, "segment": 2.0}
    assert lines[0]["kept"][0]["reason"] == "first prompt" and lines[0]["memory_bytes"] == 12345


def test_colours_tell_objects_apart():
    shown = display_palette()[1:21].astype(int)
    distances = np.abs(shown[:, None] - shown[None]).sum(-1) + 999 * np.eye(20, dtype=int)
    assert distances.min() > 40
    assert len(np.unique(palette(), axis=0)) == 256
