"""The example video plays, and its prompts are inside the picture."""

from pathlib import Path

import av

from vidmem.training import example


def test_the_example_plays_and_its_boxes_fit(tmp_path: Path) -> None:
    prompts = example.write_example(tmp_path / "example.mp4", height=90, width=160, frames=20)
    with av.open(str(tmp_path / "example.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 20
        assert video.streams.video[0].codec_context.name == "h264"
    assert [p.object_id for p in prompts] == [1, 2]
    for prompt in prompts:
        assert prompt.box is not None
        left, top, right, bottom = prompt.box
        assert 0 <= left < right <= 160
        assert 0 <= top < bottom <= 90
