"""What is kept: one bounded list of keyframes for masks and depth."""

from vidmem.memory.bank import Memory, Step

__all__ = ["Memory", "Step"]
