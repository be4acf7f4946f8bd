"""A flying camera follows one object among look-alikes and pillars, in MuJoCo.

The renderer is the camera; the control loop sees only what vidmem answers. Needs the extra
``robot``; without a display ``MUJOCO_GL=egl`` or ``MUJOCO_GL=osmesa``.

    MUJOCO_GL=egl python apps/robot_camera.py --seeds 0 --out out/robot --json
"""

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from robot_scene import Scene, Truth

from vidmem import Config, Frame, Prompt, Result, load, open_sinks

RATE = 15.0
KEEP_M = 2.5
"""Distance to the object."""
STRAFE_M_PER_S = 0.35
TURN_PER_S = 1.0
"""Most radians per second."""
GAIN_PER_S = 3.0
HEIGHT_M = 0.9
VISIBLE_PIXELS = 100
"""Frames with fewer pixels of the target do not count."""


@dataclass
class Pilot:
    """Keeps the object in the middle and at its distance while it flies around it."""

    position: np.ndarray
    yaw: float
    pitch: float
    target: np.ndarray | None = None
    """Where it was last, in the world, as vidmem told."""
    direction: float = 1.0

    def steer(self, result: Result, seconds: float) -> None:
        """One tick of the control loop."""
        state, frame = result.objects[0], result.frame
        turn = tilt = 0.0
        if state.position is not None:
            self.target = np.array(state.position.world_centroid_m)
        if state.box is not None:
            left, top, right, bottom = state.box
            eye = frame.intrinsics
            turn = -math.atan(((left + right) / 2 - eye.cx) / eye.fx)
            tilt = math.atan(((top + bottom) / 2 - eye.cy) / eye.fy)
        elif self.target is not None:
            east, north, up = self.target - self.position
            turn = math.remainder(math.atan2(north, east) - self.yaw, 2 * math.pi)
            tilt = math.atan2(-up, math.hypot(east, north)) - self.pitch
        most = TURN_PER_S * seconds
        self.yaw += float(np.clip(GAIN_PER_S * turn * seconds, -most, most))
        self.pitch += float(np.clip(GAIN_PER_S * tilt * seconds, -most, most))
        ahead = np.array([math.cos(self.yaw), math.sin(self.yaw), 0.0])
        right = np.array([math.sin(self.yaw), -math.cos(self.yaw), 0.0])
        near = 0.0
        if self.target is not None:
            away = float(np.linalg.norm(self.target - self.position)) - KEEP_M
            near = float(np.clip(away, -0.3, 0.3))
        move = self.direction * STRAFE_M_PER_S * right + near * ahead
        self.position = self.position + seconds * move


@dataclass
class Score:
    """Against the renderer's truth."""

    overlaps: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    hidden_empty: list[bool] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    skipped: int = 0

    def add(self, result: Result, truth: Truth) -> None:
        """Count one frame."""
        self.step_ms.append(sum(result.milliseconds.values()))
        self.skipped += bool(result.skipped)
        found = result.masks.mask(1)
        if not truth.inside.any():
            self.hidden_empty.append(not found.any())
        if truth.inside.sum() < VISIBLE_PIXELS:
            return
        union = (found | truth.inside).sum()
        self.overlaps.append(float((found & truth.inside).sum() / union))
        position = result.objects[0].position
        if position is not None and truth.centroid_m is not None:
            error = np.linalg.norm(np.array(position.centroid_m) - truth.centroid_m)
            self.errors.append(float(error / np.linalg.norm(truth.centroid_m)))

    def summary(self, deadline_ms: float) -> dict[str, float | int | None]:
        """The bars' figures."""
        over = np.array(self.overlaps) > 0.5
        return {
            "frames": len(self.step_ms),
            "visible_frames": len(self.overlaps),
            "iou_over_half": round(float(over.mean()), 4),
            "mean_iou": round(float(np.mean(self.overlaps)), 4),
            "hidden_frames": len(self.hidden_empty),
            "hidden_and_empty": sum(self.hidden_empty),
            "centroid_frames": len(self.errors),
            "centroid_error_median": round(float(np.median(self.errors)), 4)
            if self.errors
            else None,
            "step_ms_median": round(float(np.median(self.step_ms)), 1),
            "deadline_ms": round(deadline_ms, 1),
            "deadline_misses": int((np.array(self.step_ms) > deadline_ms).sum()),
            "frames_degraded": self.skipped,
        }


def fly(seed: int, options: argparse.Namespace) -> dict[str, object]:
    """One run: render, ask, steer."""
    config = Config()
    config = replace(config, runtime=replace(config.runtime, deadline_ms=options.deadline_ms))
    scene, engine, score = (
        Scene(seed, target_speed=options.target_speed),
        load(config=config),
        Score(),
    )
    out = options.out / f"seed{seed}"
    sinks = open_sinks(["overlay", "jsonl"], out, frames_per_second=RATE)
    recording = _recording(out) if options.rerun else None
    angle = float(np.random.default_rng([seed, 1]).uniform(0, 2 * math.pi))
    start = KEEP_M * np.array([math.cos(angle), math.sin(angle), 0]) + [0, 0, HEIGHT_M]
    pilot = Pilot(start, angle + math.pi, 0.26, direction=1.0 if seed % 2 else -1.0)
    began = time.perf_counter()
    for index in range(round(options.seconds * RATE)):
        image, pose, truth = scene.look(pilot.position, pilot.yaw, pilot.pitch, index / RATE)
        frame = Frame(image, index, index / RATE, scene.intrinsics, pose)
        result = engine.step(frame, [_pointed_at(truth, options.prompt)] if index == 0 else ())
        pilot.steer(result, 1 / RATE)
        score.add(result, truth)
        sinks.write(result)
        if recording is not None:
            recording.write(result)
    sinks.close()
    scene.close()
    if recording is not None:
        recording.close()
    seconds = round(time.perf_counter() - began, 1)
    deadline = options.deadline_ms or 1000 / RATE
    return {"seed": seed, **score.summary(deadline), "seconds": seconds}


def _pointed_at(truth: Truth, kind: str) -> Prompt:
    """What a person would draw around the object in the first picture."""
    if kind == "mask":
        return Prompt(1, mask=truth.inside)
    rows, columns = np.nonzero(truth.inside)
    right, bottom = float(columns.max() + 1), float(rows.max() + 1)
    return Prompt(1, box=(float(columns.min()), float(rows.min()), right, bottom))


def _recording(out: Path):
    from robot_recording import Recording

    return Recording(out / "robot.rrd")


def main() -> None:
    """Fly once per seed and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--deadline-ms", type=float, default=0.0, help="0: none, only counted")
    parser.add_argument("--target-speed", type=float, default=0.0, help="metres per second")
    parser.add_argument("--prompt", choices=("box", "mask"), default="box")
    parser.add_argument("--out", type=Path, default=Path("out/robot"))
    parser.add_argument("--rerun", action="store_true", help="also write robot.rrd")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = []
    for seed in options.seeds:
        run = fly(seed, options)
        runs.append(run)
        line = "  ".join(f"{name} {value}" for name, value in run.items())
        sys.stderr.write(line + "\n")
    if options.json:
        sys.stdout.write(json.dumps({"runs": runs}) + "\n")


if __name__ == "__main__":
    main()
