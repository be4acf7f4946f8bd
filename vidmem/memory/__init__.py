"""What is kept: one bounded list of keyframes for masks and depth."""

from vidmem.memory.bank import Memory
from vidmem.memory.snapshot import check_same, load_memory, read_about, save_memory
from vidmem.memory.state import Step

__all__ = ["Memory", "Step", "check_same", "load_memory", "read_about", "save_memory"]
