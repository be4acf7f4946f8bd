"""``vidmem weights``: other people's checkpoints, listed, fetched and checked."""

from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table

from vidmem.cli.options import Output, OutputOptions
from vidmem.errors import CheckpointError
from vidmem.weights import WEIGHTS, check, fetch, find, known


def weights_list(*, output: OutputOptions = Output()) -> int:  # noqa: B008 - frozen
    """Every checkpoint, its licence, and whether it is here.

    Args:
        output: how to talk.
    """
    drawn = Table()
    for column in ("name", "licence", "about MB", "from", "here"):
        drawn.add_column(column, justify="right" if column == "about MB" else "left")
    rows = []
    for weights in WEIGHTS.values():
        here = _path(weights.name)
        origin = f"{weights.repository}/{weights.file}"
        rows.append(
            {"name": weights.name, "licence": weights.licence, "from": origin, "here": here}
        )
        drawn.add_row(weights.name, weights.licence, str(weights.about_mb), origin, here or "no")
    output.console().print(drawn)
    output.console().print("The addresses were not confirmed by a download before release.")
    output.finish({"weights": rows})
    return 0


def weights_fetch(
    name: Annotated[str, tyro.conf.Positional],
    /,
    *,
    accept_licence: bool = False,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Download one, or go on with a download that was cut, and check it.

    Args:
        name: as in ``weights list``.
        accept_licence: you agree to a licence that forbids commercial use.
        output: how to talk.
    """
    path = fetch(name, accept_licence=accept_licence)
    output.console().print(f"{name}: {path}", soft_wrap=True)
    output.finish({"name": name, "path": str(path)})
    return 0


def weights_check(
    name: Annotated[str, tyro.conf.Positional],
    /,
    *,
    file: Path | None = None,
    output: OutputOptions = Output(),  # noqa: B008 - frozen
) -> int:
    """Read one as data and see that it is whole and what its name says.

    Args:
        name: as in ``weights list``.
        file: a file of yours instead of the one that was fetched.
        output: how to talk.
    """
    weights = known(name)
    path = file or find(name)
    tensors = check(path, weights)
    values = sum(tensor.numel() for tensor in tensors.values())
    output.console().print(
        f"{path}: {len(tensors)} tensors, {values:,} values, {weights.licence}.", soft_wrap=True
    )
    output.finish({"name": name, "path": str(path), "tensors": len(tensors), "values": values})
    return 0


def _path(name: str) -> str | None:
    try:
        return str(find(name))
    except CheckpointError:
        return None
