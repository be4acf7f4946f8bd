"""Page pools: preallocated tensors, a free list, reference counts. Only it writes in place."""

from collections.abc import Iterable

import torch
from jaxtyping import Int
from torch import Tensor

from vidmem.errors import ObjectError
from vidmem.types import Pages, PageShape, Tokens


class Pool:
    """All pages of one kind of stream. Its tensors are made once and never grow.

    A page is written once, when it is taken. Who keeps it holds a reference: the live memory one,
    every snapshot one. It is free again when the last reference goes.
    """

    def __init__(self, shape: PageShape, capacity: int) -> None:
        self.shape = shape
        self.capacity = capacity
        size = (capacity, shape.tokens, shape.groups)
        precision = torch.bfloat16 if shape.precision == "bfloat16" else torch.float32
        # Filled, not only reserved: resident bytes must not creep up as pages are first used.
        self._keys = torch.empty(*size, shape.key, dtype=precision).fill_(0.0)
        self._values = torch.empty(*size, shape.value, dtype=precision).fill_(0.0)
        self._counts = torch.zeros(capacity, dtype=torch.long)
        self._summary = torch.zeros(capacity, shape.groups, shape.key)
        self._references = [0] * capacity
        self._free = list(range(capacity - 1, -1, -1))

    @property
    def bytes(self) -> int:
        """Held by the pool, used or not."""
        tensors = (self._keys, self._values, self._counts, self._summary)
        return sum(tensor.nbytes for tensor in tensors)

    @property
    def free(self) -> int:
        """Pages nobody holds."""
        return len(self._free)

    def take(self, tokens: Tokens) -> int:
        """Write a new page and hold it once.

        Raises:
            ObjectError: every page is held.
        """
        if not self._free:
            raise ObjectError(
                f"All {self.capacity} pages of the memory are in use.",
                remedy="Remove an object, or raise --memory.budget-mb.",
            )
        slot = self._free.pop()
        count = tokens.keys.shape[0]
        self._keys[slot, :count] = tokens.keys
        self._values[slot, :count] = tokens.values
        self._counts[slot] = count
        self._summary[slot] = tokens.keys.mean(0) if count else 0.0
        self._references[slot] = 1
        return slot

    def hold(self, slots: Iterable[int]) -> None:
        """One more reference to each page."""
        for slot in slots:
            self._references[slot] += 1

    def release(self, slots: Iterable[int]) -> None:
        """One reference less; a page without any is free."""
        for slot in slots:
            self._references[slot] -= 1
            if self._references[slot] == 0:
                self._free.append(slot)

    def pages(self, table: Int[Tensor, "streams slots"]) -> Pages:
        """The pool behind a page table, without a copy."""
        return Pages(self._keys, self._values, self._counts, table, self._summary)

    def read(self, slot: int) -> tuple[Tensor, Tensor]:
        """Keys and values of one page, for saving."""
        count = int(self._counts[slot])
        return self._keys[slot, :count], self._values[slot, :count]
