"""``vidmem example``: the main job on a clip made on the spot, or on one of yours."""

from pathlib import Path

import tyro

from vidmem.cli.options import ConfigOptions, Output, OutputOptions, use_threads
from vidmem.cli.run import SINKS, gather_prompts, summarise, write_results
from vidmem.config import Config
from vidmem.engine import load
from vidmem.sources import open_source
from vidmem.training.example import write_example
from vidmem.types import Prompt


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
    prompts = gather_prompts(prompt)
    if clip is None:
        out.mkdir(parents=True, exist_ok=True)
        clip = out / "clip.mp4"
        console.print("Rendering a small world ...")
        prompts = prompts or {0: write_example(clip)}
    source = open_source(str(clip))
    try:
        if not prompts:
            prompts = {0: [_middle(next(iter(source)).size)]}
            source.close()
            source = open_source(str(clip))
            console.print("Following what is in the middle; choose with --prompt.")
        summary = write_results(
            load(config=config), source, prompts, out=out, sinks=SINKS, output=output
        )
    finally:
        source.close()
    summarise(summary, out, output)
    console.print(f"Watch {out / 'overlay.mp4'}", soft_wrap=True)
    return 0


def _middle(size: tuple[int, int]) -> Prompt:
    height, width = size
    return Prompt(1, box=(0.35 * width, 0.25 * height, 0.65 * width, 0.75 * height))
