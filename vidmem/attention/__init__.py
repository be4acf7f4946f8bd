"""Reading stored tokens: queries against the pages listed in a page table."""

from vidmem.attention.attend import Attended, attend

__all__ = ["Attended", "attend"]
