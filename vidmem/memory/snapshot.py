"""The whole state in one safetensors file: written under a temporary name, read as data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vidmem.config import config_from, flatten
from vidmem.errors import CheckpointError, ConfigError, SinkError
from vidmem.memory.bank import Memory
from vidmem.memory.encoding import Arrays, decode, encode
from vidmem.memory.state import MemoryState
from vidmem.types import PageShape, Tokens

FORMAT = "vidmem-state-2"
PATH_KNOB = "checkpoint"
"""The one knob that is a path on somebody's machine: never written, never followed."""
PATH_SECTIONS = ("tracker", "refine")
"""Of the configuration, where it is."""
_NO_DESCRIPTOR = np.zeros(0, np.float32)  # the page's own card has it


def save_memory(memory: Memory, path: Path, *, family: str, config: Mapping[str, Any]) -> None:
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
    paths = {name: {**config[name], PATH_KNOB: ""} for name in PATH_SECTIONS}
    config = {**config, **paths}
    about = {"format": FORMAT, "family": family, "config": json.dumps(config)}
    about["sum"] = _sum(about, json.dumps(content), arrays)
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
        config = json.loads(about["config"])
        followed = "".join(config[name][PATH_KNOB] for name in PATH_SECTIONS if name in config)
        config_from(config)
    except (KeyError, TypeError, ValueError, RecursionError, ConfigError) as error:
        raise CheckpointError(
            f"{path} is damaged or of another version: {error}.", remedy="Save the state again."
        ) from None
    if followed:
        raise CheckpointError(
            f"{path} names the file {followed!r}; a state holds no paths.",
            remedy="Use a state file that engine.save wrote.",
        )
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
    free = ("runtime.", *(f"{name}.{PATH_KNOB}" for name in PATH_SECTIONS))
    differing = [name for name in differing if not name.startswith(free)]
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
        if about["sum"] != _sum(about, about["content"], arrays):
            raise ValueError("its sum is wrong")
        content = json.loads(about["content"])
        shapes = {kind: PageShape(**sizes) for kind, sizes in content["shapes"].items()}
        state = MemoryState(*decode(content["state"], arrays))
        pages = {
            (kind, slot): Tokens(decode(keys, arrays), decode(values, arrays), _NO_DESCRIPTOR)
            for kind, slot, keys, values in content["pages"]
        }
        log = decode(content["log"], arrays)
        memory.adopt(state, shapes, pages, log)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        AssertionError,
        RecursionError,
        RuntimeError,
        OSError,
        SafetensorError,
    ) as error:  # a file that was made to harm may hold anything
        raise CheckpointError(
            f"{path} is damaged: {type(error).__name__} {error}.", remedy="Save the state again."
        ) from None


def _sum(about: Mapping[str, str], content: str, arrays: Arrays) -> str:
    """Of everything in the file: a flipped bit shows."""
    digest = hashlib.blake2b(digest_size=16)
    for text in (about["format"], about["family"], about["config"], content):
        digest.update(text.encode())
    for name in sorted(arrays):
        tensor = arrays[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
