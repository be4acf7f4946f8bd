"""Lets train_nano.py run on a rented GPU as it is: torch, numpy, opencv, safetensors and rich do.

Importing this stands in for ``vidmem``'s front door, which needs all of its dependencies, and for
jaxtyping, whose shape annotations do nothing while training.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1] / "vidmem"
NAMES = ("Bool", "Float", "Float16", "Float32", "Float64", "Int", "Int64", "UInt8", "Shaped")


class _Shaped:
    def __class_getitem__(cls, _: object) -> Any:
        return Any


if "vidmem" not in sys.modules:
    package = ModuleType("vidmem")
    package.__path__ = [str(ROOT)]
    sys.modules["vidmem"] = package
if find_spec("jaxtyping") is None:
    annotations = ModuleType("jaxtyping")
    for name in NAMES:
        setattr(annotations, name, _Shaped)
    sys.modules["jaxtyping"] = annotations
