"""A video cut in the middle keeps its pictures up to the cut, and says so."""

import pytest

from vidmem.errors import SourceError, TruncatedError
from vidmem.sources import open_source


def drain(source):
    """Indices that came, and the error that ended them."""
    seen = []
    try:
        seen.extend(frame.index for frame in _noting(source, seen))
    except TruncatedError as error:
        return seen, error
    return seen, None


def _noting(source, seen):
    for frame in source:
        seen.append(frame.index)
    return ()


CONTAINERS = {
    "clip.mp4": {"options": {"g": "5"}},
    "clip.mkv": {"options": {"g": "5"}},
    "clip.avi": {"codec": "mpeg4", "options": {"g": "5"}},
    "clip.webm": {
        "codec": "libvpx-vp9",
        "options": {"deadline": "realtime", "cpu-used": "8", "g": "5"},
    },
}


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("name", CONTAINERS)
def test_results_up_to_the_cut(video, name, share):
    path = video(name, frames=60, size=(240, 320), **CONTAINERS[name])
    data = path.read_bytes()
    if name.endswith("mp4"):
        data = faststart(path).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    seen, error = drain(open_source(path))
    assert error is not None and "cut after" in error.what and error.remedy
    assert seen == list(range(len(seen))) and 10 < len(seen) < 60


def faststart(path):
    """The same video with its index in front, as the web has it."""
    import av

    moved = path.with_name("moved.mp4")
    with (
        av.open(str(path)) as source,
        av.open(str(moved), "w", options={"movflags": "+faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return moved


def test_an_unfinished_recording_has_no_index(video):
    path = video(frames=60)
    path.write_bytes(path.read_bytes()[:-1200])
    with pytest.raises(SourceError, match="unfinished"):
        open_source(path)


def test_a_whole_video_is_not_called_cut(video):
    for name, options in CONTAINERS.items():
        path = video("whole" + name, frames=30, audio=name.endswith(("mp4", "mkv")), **options)
        seen, error = drain(open_source(path))
        assert (len(seen), error) == (30, None), name


def test_damage_in_the_middle_is_passed_over(video):
    path = video("clip.ts", frames=60, size=(96, 128), options={"g": "5"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    path.write_bytes(data)
    seen, _ = drain(open_source(path))
    assert len(seen) > 40
