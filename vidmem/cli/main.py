"""``vidmem``: sub-commands, and errors as one line with a remedy.

Exit codes: 0 done, 1 something failed, 2 the call or its input is wrong, 3 the video ended early;
130 interrupted, 141 nobody reads the output any more (128 and the number of the signal, as a shell
tells it).
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from vidmem.cli.batch import batch
from vidmem.cli.bench import bench_attention, bench_engine, bench_files, bench_sam2
from vidmem.cli.demo import demo
from vidmem.cli.evaluate import eval_davis, eval_depth, eval_prompts, eval_proposals
from vidmem.cli.evaluate_parts import eval_corrections, eval_selection, eval_topology
from vidmem.cli.evaluate_sets import set_commands
from vidmem.cli.evaluate_world import eval_memory, eval_occlusion
from vidmem.cli.example import example
from vidmem.cli.live import bench_live
from vidmem.cli.pipes import quiet_when_unread
from vidmem.cli.run import run
from vidmem.cli.settings import with_settings
from vidmem.cli.weights import weights_check, weights_fetch, weights_list
from vidmem.errors import VidmemError

COMMANDS: dict[str, Callable[..., Any]] = {
    "run": run,
    "batch": batch,
    "example": example,
    "demo": demo,
    "bench attention": bench_attention,
    "bench engine": bench_engine,
    "bench files": bench_files,
    "bench live": bench_live,
    "bench sam2": bench_sam2,
    "eval davis": eval_davis,
    **set_commands(),
    "eval prompts": eval_prompts,
    "eval proposals": eval_proposals,
    "eval depth": eval_depth,
    "eval occlusion": eval_occlusion,
    "eval memory": eval_memory,
    "eval selection": eval_selection,
    "eval topology": eval_topology,
    "eval corrections": eval_corrections,
    "weights list": weights_list,
    "weights fetch": weights_fetch,
    "weights check": weights_check,
}


@quiet_when_unread()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) > 1 and f"{given[0]} {given[1]}" in COMMANDS:
        given[:2] = [f"{given[0]} {given[1]}"]
    try:
        given = with_settings(given)
        code: int = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="vidmem",
            description="Follow objects and measure depth through endless video.",
            args=given,
        )
    except VidmemError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        raise SystemExit(130) from None
    raise SystemExit(code)
