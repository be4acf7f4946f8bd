"""The page in a real Chromium, without a network. SKIP=fail forbids skipping."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import av
import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVER = Path(__file__).with_name("serve_offline.py")
PATIENCE_MS = 60_000


def missing(reason):
    """Skip, unless that is forbidden."""
    if os.environ.get("SKIP") == "fail":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def server(example, tmp_path_factory):
    """Address and temporary folder of a server in a process of its own."""
    pytest.importorskip("gradio") if os.environ.get("SKIP") != "fail" else __import__("gradio")
    folder = tmp_path_factory.mktemp("server")
    cache = folder / "cache" / "vidmem" / "demo"
    cache.mkdir(parents=True)
    shutil.copy(example[0], cache / "example.mp4")
    boxes = [[p.object_id, list(p.box)] for p in example[1]]
    (cache / "example.json").write_text(str(boxes))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder),
        "GRADIO_HEARTBEAT_INTERVAL": "1",
    }  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(SERVER), str(port)], env={**os.environ, **settings},
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}"), 60)
            yield f"http://127.0.0.1:{port}", folder
        finally:
            process.terminate()
            process.wait(20)


def answers(address):
    """Whether somebody is there."""
    try:
        return urllib.request.urlopen(address, timeout=2).status == 200
    except OSError:
        return False


def wait_for(what, seconds):
    """Until it is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser with a fresh profile."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    if not CHROMIUM.exists():
        missing(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS
        )
        yield opened
        opened.close()


@pytest.fixture
def tab(browser, server):
    """Makes tabs; none may write errors or ask for anything outside."""
    contexts, problems = [], []

    def make(**options):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: problems.append(m.text) if is_problem(m) else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request", lambda r: None if is_inside(r.url, server[0]) else problems.append(r.url)
        )
        page.goto(server[0])
        page.wait_for_selector("#example")
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


BAD = ("error", "warning")
CLOSING = "Method not implemented."
"""Gradio's own client warns so when it closes a stream."""


def is_problem(message):
    """An error or a warning of ours."""
    return message.type in BAD and message.text != CLOSING


def is_inside(url, address):
    """Whether a request stays with the server."""
    return url.startswith((address, "data:", "blob:"))


def state(page, wanted):
    """Wait for ready, running, paused or ended."""
    page.wait_for_function(f"document.querySelector('.vm-stage').dataset.state === '{wanted}'")


def picture(page):
    """What the page shows of the masks."""
    return page.get_attribute(".vm-masks img", "src")


def shown(page, count):
    """Wait until so many frames were streamed."""
    page.wait_for_function(f"Number(document.querySelector('.vm-stage').dataset.shown) >= {count}")


def click_picture(page, x, y):
    """At a share of width and height."""
    before = picture(page)
    box = page.locator(".vm-masks img").bounding_box()
    page.click(".vm-masks img", position={"x": x * box["width"], "y": y * box["height"]})
    page.wait_for_function(
        "before => document.querySelector('.vm-masks img').src !== before", arg=before
    )


def test_upload_click_run_correct_download(tab, example, tmp_path):
    page = tab()
    page.set_input_files("#upload input[type=file]", example[0])
    state(page, "ready")
    first = picture(page)
    left, top, right, bottom = example[1][0].box
    click_picture(page, (left + right) / 2 / 320, (top + bottom) / 2 / 180)
    clicked = picture(page)
    assert clicked != first
    page.keyboard.press("Space")
    shown(page, 3)
    assert page.inner_text("#start") == "Pause"
    assert picture(page) != clicked
    assert page.get_attribute(".vm-depth img", "src").startswith("data:image/jpeg")
    state(page, "ended")
    assert page.locator(".vm-card").count() >= 2
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.vm-stage').dataset.frame === '22'")
    page.click("#new")
    page.wait_for_selector("#objects label:nth-of-type(2)")
    click_picture(page, 0.5, 0.3)
    before = int(page.get_attribute(".vm-stage", "data-shown"))
    page.click("#start")
    shown(page, before + 2)
    state(page, "ended")
    assert "object 2" in page.inner_text("#memory")
    download(page, tmp_path / "overlay.mp4")
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 24


def download(page, path):
    """The overlay, through the page."""
    page.click("#download > button")
    page.click("#prepare")
    with page.expect_download() as started:
        page.click("#files a")
    started.value.save_as(path)


def test_two_tabs_do_not_mix(tab, server, example):
    one, two = tab(), tab(color_scheme="dark")
    one.click("#example")
    state(one, "ready")
    two.set_input_files("#upload input[type=file]", example[0])
    state(two, "ready")
    click_picture(two, 0.5, 0.2)
    one.click("#start")
    two.click("#start")
    shown(one, 2)
    shown(two, 2)
    state(one, "ended")
    state(two, "ended")
    assert "car" in one.inner_text("#memory") and "car" not in two.inner_text("#memory")
    assert one.locator("#objects label").count() == 2
    assert two.locator("#objects label").count() == 1
    one.context.close()
    two.context.close()
    (root,) = server[1].glob("vidmem-demo-*")
    wait_for(lambda: not any((root / "sessions").iterdir()), 30)


def test_broken_files_are_told_and_nothing_goes_out(tab, server, tmp_path):
    page = tab()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is no video" * 200)
    page.set_input_files("#upload input[type=file]", broken)
    page.wait_for_selector(".toast-body")
    assert "broken" in page.inner_text(".toast-body")
    page.click("#example")
    state(page, "ready")
    page.click("#settings > button")
    page.click("#family input")
    page.click("ul[role=listbox] >> text=sam2.1-tiny-hq")
    page.wait_for_selector(".toast-body >> text=vidmem weights")
    assert "OUTSIDE" not in (server[1] / "log.txt").read_text()
