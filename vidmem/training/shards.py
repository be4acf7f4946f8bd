"""Files of arrays that training renders once: whole under their final name, or not there."""

from pathlib import Path
from typing import Any

import numpy as np


def write_arrays(path: Path, arrays: dict[str, Any], *, compressed: bool = False) -> None:
    """An ``.npz`` file, under a temporary name first."""
    partial = path.with_suffix(".partial")
    save = np.savez_compressed if compressed else np.savez
    with partial.open("wb") as file:
        save(file, **arrays)
    partial.replace(path)
