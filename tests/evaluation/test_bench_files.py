"""What files cost is measured on the same frames with and without them."""

from vidmem import Config, load
from vidmem.config import DepthConfig
from vidmem.evaluation.bench_files import bench_files
from vidmem.training.example import write_example


def test_every_pass_runs_a_fresh_engine_over_the_same_frames(tmp_path):
    clip = tmp_path / "clip.mp4"
    prompts = write_example(clip, height=72, width=128, frames=4)
    engines = []

    def make():
        engines.append(load(config=Config(depth=DepthConfig(enabled=False))))
        return engines[-1]

    report = bench_files(make, clip, prompts, sinks=("masks",), frames=3, rounds=2)
    assert report["frames"] == 3
    assert report["size"] == [128, 72]
    assert len(engines) == 4
    assert {tuple(engine.memory.objects) for engine in engines} == {(1, 2)}
    for kind in ("", "cpu_"):
        plain, files = report[f"plain_{kind}ms"], report[f"files_{kind}ms"]
        assert plain > 0 and report[f"{kind}cost"] == files / plain - 1
