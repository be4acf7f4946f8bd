"""Values to JSON and named arrays, and back. Only known value types are ever made."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidmem import types
from vidmem.errors import CheckpointError

Arrays = dict[str, Tensor]
_KNOWN: dict[str, Callable[..., Any]] = {
    name: getattr(types, name)
    for name in (
        "Card", "Decision", "Depth", "Features", "Intrinsics", "Keyframe", "Masks",
        "ObjectMemory", "Page", "Previous", "Stream", "StreamCard", "Tier",
    )
}  # fmt: skip


def encode(value: object, arrays: Arrays) -> object:
    """JSON for ``value``; its arrays and tensors go into ``arrays`` under numbered names."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | Tensor):
        name = f"a{len(arrays)}"
        tensor = value if isinstance(value, Tensor) else torch.from_numpy(value)
        arrays[name] = tensor.detach().clone(memory_format=torch.contiguous_format)
        return {"array": name, "tensor": isinstance(value, Tensor)}
    if isinstance(value, types.Tier):
        return {"type": "Tier", "args": [value.value]}
    if isinstance(value, types.Stream):
        return {"type": "Stream", "args": list(value)}
    if isinstance(value, tuple | list):
        return [encode(item, arrays) for item in value]
    if isinstance(value, Mapping):
        return {"map": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}
    assert is_dataclass(value), f"{type(value)} cannot be saved"
    parts = {each.name: encode(getattr(value, each.name), arrays) for each in fields(value)}
    return {"type": type(value).__name__, "fields": parts}


def decode(value: object, arrays: Mapping[str, Tensor]) -> Any:
    """The value that :func:`encode` was given; lists come back as tuples.

    Raises:
        CheckpointError: it names something a state file does not hold.
    """
    if isinstance(value, list):
        return tuple(decode(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        tensor = arrays[value["array"]]
        return tensor if value["tensor"] else tensor.numpy()
    if "map" in value:
        return {decode(k, arrays): decode(v, arrays) for k, v in value["map"]}
    make = _KNOWN.get(value["type"])
    if make is None:
        raise CheckpointError(
            f"The state holds a {value['type']!r}, which is unknown.",
            remedy="Use a state file that this version of vidmem wrote.",
        )
    if "args" in value:
        return make(*value["args"])
    return make(**{name: decode(item, arrays) for name, item in value["fields"].items()})
