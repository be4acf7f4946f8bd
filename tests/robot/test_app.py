"""The robot example runs and follows; skipped with the reason where nothing can render."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mujoco")
APPS = Path(__file__).parents[2] / "apps"
RENDER = (
    "import mujoco; mujoco.Renderer(mujoco.MjModel.from_xml_string('<mujoco/>'), 8, 8).render()"
)


@pytest.fixture(scope="module")
def environment():
    environment = {**os.environ, "MUJOCO_GL": "egl", "OMP_NUM_THREADS": "1"}
    tried = subprocess.run([sys.executable, "-c", RENDER], capture_output=True, env=environment)
    if tried.returncode:
        pytest.skip("MuJoCo cannot render here: install libegl1 and libgl1-mesa-dri")
    return environment


def test_it_follows_and_writes_a_video_and_a_recording(environment, tmp_path):
    call = [sys.executable, str(APPS / "robot_camera.py"), "--seconds", "1.6", "--json"]
    pytest.importorskip("rerun")
    done = subprocess.run(
        [*call, "--rerun", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=True,
    )
    (run,) = json.loads(done.stdout.splitlines()[-1])["runs"]
    assert run["frames"] == 24 and run["visible_frames"] > 20
    assert run["iou_over_half"] > 0.9
    assert run["centroid_frames"] > 0 and run["centroid_error_median"] < 0.3
    written = {path.name for path in (tmp_path / "seed0").iterdir()}
    assert {"overlay.mp4", "results.jsonl", "robot.rrd"} <= written
    assert (tmp_path / "seed0" / "robot.rrd").stat().st_size > 10_000
