"""The house keeps its shape: floors, sizes, public names, no effects of importing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import vidmem

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("vidmem/**/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("apps/*.py")])
PUBLIC = {
    "Config", "Depth", "DepthBase", "Engine", "Frame", "Intrinsics", "Latest", "Masks",
    "ObjectState", "Position", "Prompt", "Refiner", "Result", "Sink", "Source", "Tracker",
    "VidmemError", "load", "load_cameras", "open_sinks", "open_source",
}  # fmt: skip


def test_the_public_names_are_the_written_ones():
    assert set(vidmem.__all__) == PUBLIC
    assert all(hasattr(vidmem, name) for name in PUBLIC)


def test_importing_is_light_and_changes_nothing():
    code = """
import sys, torch
before = (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype(),
          torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled())
import vidmem
after = (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype(),
         torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled())
assert before == after, (before, after)
heavy = {"gradio", "sam2", "decord", "segment_anything_hq", "av", "timm", "triton"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_making_an_engine_does_not_wait_for_the_compiler():
    code = "import sys, vidmem; vidmem.load(); print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", [*SOURCES, *ROOT.glob("tests/**/*.py")], ids=lambda p: p.name)
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = node.body[0] if ast.get_docstring(node) else None
            documented = doc.end_lineno - doc.lineno + 1 if doc else 0
            assert node.end_lineno - node.lineno + 1 - documented <= 40, node.name


def test_the_floors_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
