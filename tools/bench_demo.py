"""How quick the web demo is: previews, the first frame, and frames/s beside ``vidmem run``.

Starts the demo's server, opens it in Chromium, and prints one JSON object. With --picture it also
saves what the page looks like. With --tabs it opens so many instead, one after the other, and
counts what they leave behind: errors in the console, files, engines.
"""

import argparse
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from weakref import WeakSet

sys.path.insert(0, str(Path(__file__).parents[1] / "apps"))

STATE = "document.querySelector('.vm-stage').dataset.state === "
FRAME = "Number(document.querySelector('.vm-stage').dataset.frame) "
EXAMPLE = (
    STATE + "'ready' && document.querySelectorAll('#objects label').length === 2"
    " && document.querySelector('.vm-say').innerText.startsWith('Answered')"
)
"""The example is there with the masks of its two objects."""
PATIENCE_SECONDS = 240
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FRAMES, RATE = 60, 30
"""Of the example that are run."""
RUN_FRAMES = 5
"""Of each tab that is opened and closed."""
BAD = ("error", "warning")
CLOSING = "Method not implemented."
"""Gradio's own client warns so when it closes a stream."""
CLICKS = ((0.22, 0.72), (0.8, 0.55), (0.24, 0.7), (0.5, 0.3), (0.84, 0.6))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--picture", type=Path)
    options.add_argument("--tabs", type=int, default=0)
    given = options.parse_args()
    report = count_left(given.tabs, given.chromium) if given.tabs else measure(given)
    print(json.dumps(report))


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Seconds and frames per second."""
    from vidmem_demo.clips import example_clip

    clip, prompts = example_clip()
    texts = [f"{p.object_id}:box={','.join(map(str, p.box or ()))}" for p in prompts]
    found: list[dict[str, float]] = []
    with served() as address, page_of(address, given.chromium) as page:
        clicks = measure_clicks(page)
        for number in range(given.rounds):
            command = measure_command(clip.path, texts)
            picture = given.picture if number == 0 else None
            found.append(measure_page(page, picture) | {"command_fps": command})
    shares = [one["page_fps"] / one["command_fps"] for one in found]
    return {
        "preview_seconds": {"median": median(clicks), "worst": max(clicks)},
        "first_streamed_seconds": max(one["first_seconds"] for one in found),
        "rounds": found,
        "share_of_command": median(shares),
    }


def count_left(tabs: int, chromium: str) -> dict[str, int]:
    """What so many tabs leave behind; some are closed in the middle of a run."""
    from vidmem_demo.app import build, launch
    from vidmem_demo.sessions import Sessions

    sessions, problems, engines = Sessions(), list[str](), WeakSet[Any]()
    port = free_port()
    os.environ["GRADIO_HEARTBEAT_INTERVAL"] = "1"
    blocks = build(sessions)
    launch(blocks, host="127.0.0.1", port=port, upload_mb=64, prevent_thread_lock=True)
    for number in range(tabs):
        with page_of(f"http://127.0.0.1:{port}", chromium, problems) as page:
            page.click("#start")
            page.wait_for_function(FRAME + f">= {RUN_FRAMES}")
            engines.update(session.engine for session in sessions.all)
            if number % 2:
                page.click("#start")
                page.wait_for_function(STATE + "'paused'")
    left = sessions.root / "sessions"
    begin = time.monotonic()
    while any(left.iterdir()) and time.monotonic() - begin < PATIENCE_SECONDS:
        time.sleep(0.2)
    gc.collect()
    files = sum(1 for path in left.rglob("*") if path.is_file())
    report = {
        "tabs": tabs, "console_errors": len(problems), "files": files,
        "sessions": len(sessions), "engines": len(engines),
    }  # fmt: skip
    blocks.close(verbose=False)
    sessions.close()
    return report


def free_port() -> int:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served() -> Iterator[str]:
    """The demo in a process of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "vidmem", "demo", "--port", str(port)],
            env={**os.environ, "TMPDIR": folder}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while True:
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def page_of(address: str, chromium: str, problems: list[str] | None = None) -> Iterator[Any]:
    """The page in Chromium, with the example loaded; ``problems`` takes what its console says."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        if problems is not None:
            page.on("console", lambda m: problems.append(m.text) if is_problem(m) else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        page.click("#example")
        page.wait_for_function(EXAMPLE)
        yield page
        browser.close()


def is_problem(message: Any) -> bool:
    """An error or a warning of the page."""
    return message.type in BAD and message.text != CLOSING


def measure_clicks(page: Any) -> list[float]:
    """Seconds from a click to the picture with the mask, each for a new object."""
    seconds = []
    for x, y in CLICKS:
        before = page.locator("#objects label").count()
        page.click("#new")
        page.wait_for_function(
            f"document.querySelectorAll('#objects label').length === {before + 1}"
        )
        old = page.get_attribute(".vm-masks img", "src")
        box = page.locator(".vm-masks img").bounding_box()
        begin = time.perf_counter()
        page.click(".vm-masks img", position={"x": x * box["width"], "y": y * box["height"]})
        page.wait_for_function(
            "old => document.querySelector('.vm-masks img').src !== old", arg=old
        )
        seconds.append(time.perf_counter() - begin)
    return seconds


def measure_page(page: Any, picture: Path | None) -> dict[str, float]:
    """First streamed frame, and frames shown per second until the end."""
    page.click("#example")
    page.wait_for_function(EXAMPLE)
    before = int(page.get_attribute(".vm-stage", "data-shown"))
    begin = time.perf_counter()
    page.click("#start")
    page.wait_for_function(f"Number(document.querySelector('.vm-stage').dataset.shown) > {before}")
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    page.wait_for_function(FRAME + f">= {FRAMES - 1}")
    seconds = time.perf_counter() - begin
    count = int(page.get_attribute(".vm-stage", "data-shown")) - before
    if picture is not None:
        page.screenshot(path=str(picture), type="jpeg", quality=80, full_page=True)
    page.click("#start")
    page.wait_for_function(STATE + "'paused'")
    return {"first_seconds": first, "shown": count, "page_fps": count / seconds}


def measure_command(clip: Path, prompts: list[str]) -> float:
    """Frames per second of ``vidmem run`` with its usual files, without starting up."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "vidmem", "run", str(clip), "--out", folder, "--quiet"]
        words += ["--end", str(FRAMES / RATE)]
        for text in prompts:
            words += ["--prompt", text]
        done = subprocess.run([*words, "--json"], check=True, capture_output=True, text=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    return float(summary["frames"] / summary["seconds"])


if __name__ == "__main__":
    main()
