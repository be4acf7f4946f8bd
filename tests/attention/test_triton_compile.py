"""The kernels compile for A100 and H100 without either, within their shared memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton")

LIMITS = {80: 163 * 1024, 90: 227 * 1024}


@pytest.mark.parametrize("which", ["widest", pytest.param("all", marks=pytest.mark.slow)])
def test_shared_memory_fits(which, tmp_path) -> None:
    script = Path(__file__).with_name("compile_kernels.py")
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, script, which], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["arch"] for row in rows} == set(LIMITS)
    for row in rows:
        assert row["shared"] <= LIMITS[row["arch"]], row
