"""Walks values made of dataclasses, mappings, tuples, arrays and tensors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
from torch import Tensor

from vidmem.types import Card, Page

PLAIN = (int, float, str, bytes, type(None), Card, Page)
"""What holds no array; cards and pages have many numbers, and would only take time."""


def leaves(*values: object) -> Iterator[np.ndarray | Tensor]:
    """Every array and tensor inside, once: what is shared is not walked again."""
    waiting: list[object] = list(values)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray | Tensor):
            yield value
        else:
            waiting.extend(_parts(value))


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, Mapping):
        return value.values()
    kind: Any = type(value)
    return [getattr(value, name) for name in _names(kind)]


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


def tree_bytes(*values: object) -> int:
    """Bytes of all arrays inside, each counted once however often it is shared."""
    sizes: dict[int, int] = {}
    for leaf in leaves(*values):
        if isinstance(leaf, Tensor):
            storage = leaf.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
        else:
            owner = leaf
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            sizes[owner.__array_interface__["data"][0]] = owner.nbytes
    return sum(sizes.values())
