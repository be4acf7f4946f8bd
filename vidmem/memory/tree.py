"""Walks values made of dataclasses, mappings, tuples, arrays and tensors."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
from torch import Tensor

from vidmem.types import Page


def leaves(value: object) -> Iterator[np.ndarray | Tensor]:
    """Every array and tensor inside ``value``."""
    if isinstance(value, np.ndarray | Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from leaves(item)
    elif is_dataclass(value) and not isinstance(value, Page):  # it holds many numbers, no array
        for each in fields(value):
            yield from leaves(getattr(value, each.name))


def tree_bytes(*values: object) -> int:
    """Bytes of all arrays inside, each counted once however often it is shared."""
    sizes: dict[int, int] = {}
    for leaf in leaves(values):
        if isinstance(leaf, Tensor):
            storage = leaf.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
        else:
            owner = leaf
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            sizes[owner.__array_interface__["data"][0]] = owner.nbytes
    return sum(sizes.values())
