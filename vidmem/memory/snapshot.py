"""The whole state in one safetensors file: written under a temporary name, read as data."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vidmem.config import flatten
from vidmem.errors import CheckpointError, SinkError
from vidmem.memory.bank import Memory
from vidmem.memory.encoding import Arrays, decode, encode
from vidmem.memory.state import MemoryState
from vidmem.types import PageShape, Tokens

FORMAT = "vidmem-state-1"
_NO_DESCRIPTOR = np.zeros(0, np.float32)  # the page's own card has it


def save_memory(memory: Memory, path: Path, *, family: str, config: object) -> None:
    """Write everything a run needs to go on, atomically.

    Args:
        memory: as it is between two steps.
        path: a ``.safetensors`` file; an existing one is replaced at the end.
        family: which models wrote the tokens.
        config: the values of the configuration, by name.

    Raises:
        SinkError: it cannot be written.
    """
    arrays: Arrays = {}
    content = {
        "shapes": {kind: asdict(shape) for kind, shape in memory.shapes.items()},
        "state": encode(
            (memory.state.previous, memory.state.objects, memory.state.keyframes), arrays
        ),
        "log": encode(tuple(memory.log), arrays),
        "pages": [
            [kind, slot, *(encode(part, arrays) for part in memory.read_page(kind, slot))]
            for kind in memory.shapes
            for slot in memory.state.slots(kind)
        ],
    }
    about = {"format": FORMAT, "family": family, "config": json.dumps(config)}
    partial = path.with_name(path.name + ".partial")
    try:
        save_file(arrays, partial, metadata={**about, "content": json.dumps(content)})
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise SinkError(
            f"The state cannot be written to {path}: {error}.", remedy="Choose another folder."
        ) from None


def read_about(path: Path) -> dict[str, str]:
    """Format, family, configuration and content of a state file, not yet decoded.

    Raises:
        CheckpointError: missing, damaged or something else.
    """
    try:
        with safe_open(path, "pt") as file:
            about = dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} is no readable state file: {error}.", remedy="Save the state again."
        ) from None
    if about.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} has the format {about.get('format')!r}, not {FORMAT!r}.",
            remedy="Give a file that engine.save wrote with this version.",
        )
    try:
        json.loads(about["config"])
    except (KeyError, ValueError):
        raise CheckpointError(f"{path} is damaged.", remedy="Save the state again.") from None
    return about


def check_same(about: Mapping[str, str], config: Mapping[str, object], path: Path) -> None:
    """Refuse a state that was saved with other models or knobs (threads may differ).

    Raises:
        CheckpointError: with the names of the knobs that differ.
    """
    saved = flatten(json.loads(about["config"]))
    given = flatten(json.loads(json.dumps(config)))
    names = saved.keys() | given.keys()
    differing = sorted(name for name in names if saved.get(name) != given.get(name))
    differing = [name for name in differing if not name.startswith("runtime.")]
    if differing:
        raise CheckpointError(
            f"{path} was saved with other settings: {', '.join(differing)}.",
            remedy="Leave the settings out to go on with the saved ones.",
        )


def load_memory(memory: Memory, path: Path) -> None:
    """Fill an empty memory from a state file; the next step continues bit-equal on the CPU.

    Raises:
        CheckpointError: missing, damaged or something else.
    """
    about = read_about(path)
    try:
        with safe_open(path, "pt") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        content = json.loads(about["content"])
        shapes = {kind: PageShape(**sizes) for kind, sizes in content["shapes"].items()}
        state = MemoryState(*decode(content["state"], arrays))
        pages = {
            (kind, slot): Tokens(decode(keys, arrays), decode(values, arrays), _NO_DESCRIPTOR)
            for kind, slot, keys, values in content["pages"]
        }
        log = decode(content["log"], arrays)
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} is damaged: {type(error).__name__} {error}.", remedy="Save the state again."
        ) from None
    memory.adopt(state, shapes, pages, log)
