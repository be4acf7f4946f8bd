"""``vidmem example``: the main job on a clip made on the spot, or on one of yours."""

from contextlib import closing
from pathlib import Path

import tyro

from vidmem.batch.jobs import Job
from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.cli.run import run_and_show, summarise
from vidmem.config import Config
from vidmem.sources import open_source
from vidmem.training.example import write_example
from vidmem.types import Box


def example(
    *,
    out: Path = Path("out/demo"),
    clip: Path | None = None,
    prompt: tyro.conf.UseAppendAction[tuple[str, ...]] = (),
    config: ConfigOptions = Config(),  # noqa: B008 - frozen
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Show what vidmem does.

    Args:
        out: the folder for the results.
        clip: your own video; otherwise a small world is rendered.
        prompt: as for ``run``; on your own video the default is a box around the middle.
        config: every knob.
        output: how to talk.
    """
    use_threads(config.runtime.threads)
    console = output.console()
    if clip is None:
        out.mkdir(parents=True, exist_ok=True)
        clip = out / "clip.mp4"
        console.print("Rendering a small world ...")
        boxes = {found.object_id: found.box for found in write_example(clip)}
        prompt = prompt or tuple(_text(number, box) for number, box in boxes.items() if box)
    elif not prompt:
        prompt = (_text(1, _middle(clip)),)
        console.print("Following what is in the middle; choose with --prompt.")
    job = Job(source=str(clip), out=out, prompts=prompt, config=config)
    summary = run_and_show(job, output)
    summarise(summary, out, output)
    console.print(f"Watch {out / 'overlay.mp4'}", soft_wrap=True)
    return 0


def _text(number: int, box: Box) -> str:
    return f"{number}:box={','.join(f'{side:g}' for side in box)}"


def _middle(clip: Path) -> Box:
    with closing(open_source(clip)) as source:
        height, width = next(iter(source)).size
    return 0.35 * width, 0.25 * height, 0.65 * width, 0.75 * height
