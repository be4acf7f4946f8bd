"""Files of every kind become the RGB pictures that were put in."""

import numpy as np
import pytest

from vidmem.sources import open_source
from vidmem.sources import video as video_module
from vidmem.sources.video import decode

FORMATS = {
    "h264.mp4": {},
    "h264.mkv": {},
    "h264.ts": {},
    "full range.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "4:4:4.mkv": {"pixels": "yuv444p"},
    "10 bits.mp4": {
        "codec": "libx265",
        "pixels": "yuv420p10le",
        "options": {"x265-params": "log-level=none"},
    },
    "12 bits.mkv": {"codec": "ffv1", "pixels": "yuv422p12le"},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "prores.mov": {"codec": "prores_ks", "pixels": "yuv422p10le"},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"b": "4000000"}},
    "mpeg2.mpg": {"codec": "mpeg2video", "options": {"b": "4000000"}},
    "rgb.mkv": {"codec": "ffv1", "pixels": "bgr0"},
    "alpha.mov": {"codec": "png", "pixels": "rgba"},
    "odd.mkv": {"codec": "ffv1", "size": (49, 65)},
    "odd alpha.mkv": {"codec": "ffv1", "pixels": "yuva420p", "size": (49, 65)},
    "tiny.mp4": {"size": (16, 16)},
    "interlaced.mp4": {"options": {"x264-params": "tff=1"}},
}


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_come_out_as_they_went_in(video, picture, name):
    size = FORMATS[name].get("size", (48, 64))
    frames = list(open_source(video(name, **FORMATS[name])))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(12) / 25, abs=2e-3)
    for frame in frames:
        assert frame.image.dtype == np.uint8 and frame.size == size
        difference = np.abs(frame.image.astype(int) - picture(frame.index, size))
        assert difference.mean() < 8, name


def test_grey_has_three_equal_channels(video):
    frame = next(iter(open_source(video("grey.mkv", codec="ffv1", pixels="gray"))))
    assert frame.image.shape == (48, 64, 3)
    assert (frame.image[..., 0] == frame.image[..., 1]).all() and frame.image.std() > 10


def test_palette_animation(video):
    frames = list(open_source(video("a.gif", codec="gif", pixels="rgb8")))
    assert len(frames) == 12 and frames[0].size == (48, 64)


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_hdr_is_mapped_to_a_usual_screen(video, transfer):
    """Diffuse white, 203 nits, is bright but not clipped; ten times that is brighter still."""
    signal = {16: (0.58, 0.75), 18: (0.75, 0.95)}[transfer]
    grey = [np.full((48, 64, 3), round(219 * level + 16), np.uint8) for level in signal]
    path = video(
        "hdr.mkv", codec="ffv1", pixels="yuv420p10le", pictures=grey, frames=2, hdr=transfer
    )
    white, highlight = (frame.image for frame in open_source(path))
    assert 190 < white.mean() < 240 and white.mean() + 5 < highlight.mean() <= 255
    assert np.ptp(white.reshape(-1, 3).mean(0)) < 4, "grey stays grey"


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_rotation_metadata_is_applied(video, picture, angle):
    path = video("turned.mp4", rotation=angle)
    frame = next(iter(open_source(path)))
    # The red patch of the top left corner tells the four ways apart.
    turned = np.rot90(picture(0), {90: 1, 180: 2, 270: 3}[angle])
    assert frame.image.shape == turned.shape
    assert np.abs(frame.image.astype(int) - turned).mean() < 6


@pytest.mark.parametrize(("flags", "left"), [("tff=1", (0.0, 0.5)), ("interlaced=0", (0.8, 1.2))])
def test_combs_are_removed_where_the_video_says_interlaced(video, flags, left):
    pictures = [np.full((48, 64, 3), 60, np.uint8) for _ in range(8)]
    for index, image in enumerate(pictures):
        for field in (0, 1):  # the second field sees the bar half a frame later
            begin = 2 + 6 * index + 3 * field
            image[field::2, begin : begin + 12] = 220
    path = video("bar.mp4", frames=8, pictures=pictures, options={"x264-params": flags, "crf": "4"})

    def comb(image):
        return np.abs(np.diff(image[..., 1].astype(int), axis=0)).mean()

    frames = list(open_source(path))
    shares = [comb(f.image) / comb(p) for f, p in zip(frames[2:6], pictures[2:6], strict=True)]
    assert left[0] <= min(shares) and max(shares) <= left[1]


def test_variable_rate_keeps_true_times(video):
    times = [0, 0.04, 0.2, 0.21, 0.5, 1.7, 1.75, 3.0]
    path = video("vfr.mkv", frames=8, times=times)
    assert [f.seconds for f in open_source(path)] == pytest.approx(times, abs=1.5e-3)


def test_sound_is_ignored(video):
    source = open_source(video(audio=True))
    assert source.frame_count == 12 and len(list(source)) == 12


def test_4k(video):
    path = video(size=(2160, 4096), frames=2, options={"preset": "ultrafast"})
    assert [frame.size for frame in open_source(path)] == [(2160, 4096)] * 2


def test_decord_and_pyav_agree(video):
    decord = pytest.importorskip("decord")
    opened = []
    original = decord.VideoReader
    path = video(frames=40, size=(50, 94), options={"bf": "3"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decord, "VideoReader", lambda *a, **k: opened.append(1) or original(*a, **k))
        frames = list(open_source(path))
    assert opened, "a plain file goes through decord"
    pictures = list(decode(str(path), 0.0, name="clip"))
    assert [frame.seconds for frame in frames] == [picture.seconds for picture in pictures]
    for frame, other in zip(frames, pictures, strict=True):
        assert (frame.image == other.read()).all()


def test_pyav_goes_on_where_decord_gives_up(video, monkeypatch):
    decord = pytest.importorskip("decord")

    class Failing:
        def __init__(self, *_, **__):
            self.left = 5

        def next(self):
            self.left -= 1
            if self.left < 0:
                raise decord.DECORDError("broken")
            return decord.nd.array(np.zeros((48, 64, 3), np.uint8))

    monkeypatch.setattr(decord, "VideoReader", Failing)
    frames = list(open_source(video()))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(12) / 25)
    assert frames[4].image.max() == 0 and frames[5].image.max() > 0


def test_that_decord_is_missing_is_said_once(video, monkeypatch, caplog):
    monkeypatch.setattr(video_module, "find_spec", lambda name: None)
    video_module.has_decord.cache_clear()
    try:
        lengths = {len(list(open_source(video()))) for _ in range(2)}
    finally:
        video_module.has_decord.cache_clear()
    assert lengths == {12}
    assert sum("decord is not installed" in record.message for record in caplog.records) == 1
