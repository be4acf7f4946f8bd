"""Set up before vidmem is imported: kernels are interpreted where there is no GPU."""

import os
import random

import numpy as np
import pytest
import torch

if not torch.cuda.is_available():
    # Read when a kernel is decorated, so it must stand before any import of one.
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def seeded():
    """Every test starts from the same random numbers, on one thread: workers share the cores."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - libraries under test may use the global generator
    torch.manual_seed(0)
    torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Skip what needs a GPU or the evaluation data, unless that is forbidden."""
    no_cuda = not torch.cuda.is_available() and not os.environ.get("FAIL_WITHOUT_CUDA")
    for item in items:
        if no_cuda and item.get_closest_marker("cuda"):
            item.add_marker(pytest.mark.skip(reason="needs a GPU"))
        if not os.environ.get("VIDMEM_DATA") and item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason="needs VIDMEM_DATA=<evaluation data>"))
