"""Videos made on the spot, in every odd format."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

SIZE = (48, 64)


def picture(index, size=SIZE):
    """Smooth, in colour, different in every frame and in every corner."""
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    image = np.stack(
        [
            40 + 150 * columns / width,
            60 + 120 * rows / height,
            np.full(size, 60 + 5 * (index % 30)),
        ],
        -1,
    ).astype(np.uint8)
    cv2.rectangle(image, (2, 2), (width // 3, height // 3), (230, 40, 40), cv2.FILLED)
    return image


def write_video(path, **options):
    """Write a video and return the path; see ``_open`` for the options."""
    pictures = options.pop("pictures", None)
    frames = options.pop("frames", 12)
    times = options.pop("times", None)
    audio = options.pop("audio", False)
    pixels = options.setdefault("pixels", "yuv420p")
    size = options.setdefault("size", SIZE)
    with av.open(str(path), "w", format=options.pop("container", None)) as container:
        stream = add_stream(container, exact=times is not None, **options)
        if audio:
            write_audio(container)
        for index in range(frames):
            image = picture(index, size) if pictures is None else pictures[index]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            matrix = "ITU709" if image.shape[0] >= 720 else "ITU601"
            if not pixels.startswith(("rgb", "gbr", "pal")):
                frame = frame.reformat(format=pixels, dst_colorspace=matrix)
            frame.pts = index if times is None else round(times[index] * 1000)
            if times is not None:
                frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def add_stream(
    container,
    *,
    codec="libx264",
    pixels,
    size,
    rate=25,
    options=None,
    rotation=0,
    hdr=None,
    exact=False,
):
    stream = container.add_stream(codec, rate=rate, options=options or {})
    stream.height, stream.width = size
    stream.pix_fmt = pixels
    if exact:
        stream.codec_context.time_base = Fraction(1, 1000)
    if rotation:
        stream.set_display_rotation(rotation)
    if hdr is not None:
        context = stream.codec_context
        context.color_trc, context.colorspace, context.color_primaries = hdr, 9, 9
    return stream


def write_audio(container):
    stream = container.add_stream("aac", rate=44100)
    samples = np.zeros((1, 1024), np.float32)
    for _ in range(60):
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@pytest.fixture
def video(tmp_path):
    """``video(name, **options)`` writes a video and returns its path."""

    def make(name="clip.mp4", **options):
        return write_video(tmp_path / name, **options)

    return make


@pytest.fixture(name="picture")
def picture_fixture():
    """The picture that frame ``index`` of a made video shows."""
    return picture


@pytest.fixture(name="write_video", scope="session")
def write_video_fixture():
    """Writes one video to a path."""
    return write_video
