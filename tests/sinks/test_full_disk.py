"""A disk that really is full."""

import subprocess

import numpy as np
import pytest

from vidmem.errors import SinkError
from vidmem.sinks import SINKS, open_sinks


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount a small tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("name", SINKS)
def test_a_full_disk(small_disk, make_result, name):
    """An error with a remedy, and no half-written result."""
    rng = np.random.default_rng(0)
    sink = open_sinks([name], small_disk / "out")
    with pytest.raises(SinkError) as caught:
        for index in range(300):
            result = make_result(index, size=(120, 160))
            result.frame.image[:] = rng.integers(0, 255, result.frame.image.shape)
            result.masks.labels[:] = rng.integers(0, 3, result.masks.labels.shape)
            result.depth.inverse[:] = rng.random(result.depth.inverse.shape)
            sink.write(result)
        sink.close()
    assert "space" in caught.value.remedy and name.split("-")[0][:4] in caught.value.what.lower()
    sink.abort()
    assert not (small_disk / "out").exists()
