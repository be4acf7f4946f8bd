"""Real servers on loopback: RTSP that stops and starts again, HTTP files and endless streams."""

import http.server
import io
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from vidmem.errors import SourceError
from vidmem.sources import Latest, open_source

SERVER = """
import gi, sys
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(shared=True)
factory.set_launch("( videotestsrc is-live=true "
    " ! video/x-raw,format=I420,width=160,height=120,framerate=25/1"
    " ! jpegenc ! rtpjpegpay name=pay0 )")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print("ready", flush=True)
GLib.timeout_add_seconds(60, lambda: sys.exit(0))
GLib.MainLoop().run()
"""


CHECK = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert Gst.ElementFactory.find("rtpjpegpay") and Gst.ElementFactory.find("jpegenc")
"""


def python_with_rtsp():
    """A Python that has GStreamer's RTSP server."""
    for python in ("/usr/bin/python3", shutil.which("python3"), sys.executable):
        if python and Path(python).exists():
            done = subprocess.run([python, "-c", CHECK], capture_output=True, timeout=60)
            if done.returncode == 0:
                return python
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(python, port):
    server = subprocess.Popen(
        [python, "-c", SERVER, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert server.stdout.readline() == b"ready\n"
    return server


def stop(server):
    server.kill()
    server.wait()
    server.stdout.close()


def test_rtsp_stopped_and_started_again():
    python = python_with_rtsp()
    if python is None:
        pytest.skip("needs GStreamer's RTSP server for Python (apt: gir1.2-gst-rtsp-server-1.0)")
    port = free_port()
    server = start(python, port)
    source = open_source(f"rtsp://127.0.0.1:{port}/live", patience_seconds=30)
    assert isinstance(source, Latest)
    gaps, frames = [], []
    try:
        for frame in source:
            frames.append(frame.index)
            gaps.append(frame.gap_seconds)
            assert frame.size == (120, 160)
            if len(frames) == 10:
                stop(server)
                time.sleep(0.5)
                server = start(python, port)
            if len(frames) > 10 and any(gaps[10:]):
                break
    finally:
        source.close()
        stop(server)
    assert max(gaps) > 0.4 and frames == list(range(len(frames)))


class Handler(http.server.BaseHTTPRequestHandler):
    """``/clip.mp4`` is a file, ``/live`` an endless motion JPEG."""

    clip = b""
    sent = 200

    def do_GET(self):
        try:
            if self.path == "/clip.mp4":
                self.send_file()
            elif self.path == "/live":
                self.send_live()
            else:
                self.send_error(404)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_file(self):
        begin = 0
        if "Range" in self.headers:
            begin = int(self.headers["Range"].split("=")[1].split("-")[0])
        self.send_response(206 if begin else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(self.clip) - begin))
        if begin:
            total = len(self.clip)
            self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
        self.end_headers()
        self.wfile.write(self.clip[begin:])

    def send_live(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=frame")
        self.end_headers()
        for index in range(self.sent):
            buffer = io.BytesIO()
            Image.new("RGB", (64, 48), (index % 250, 0, 0)).save(buffer, "JPEG")
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {buffer.tell()}\r\n\r\n"
            self.wfile.write(head.encode() + buffer.getvalue() + b"\r\n")
            time.sleep(0.01)

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    """An HTTP server on loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_behind_http_is_read_like_a_file(address, video):
    Handler.clip = video(frames=30).read_bytes()
    source = open_source(f"{address}/clip.mp4")
    assert source.frame_count == 30 == len(list(source))


def test_an_endless_http_stream_is_live(address):
    source = open_source(f"{address}/live")
    assert isinstance(source, Latest)
    frames = iter(source)
    assert [next(frames).size for _ in range(20)] == [(48, 64)] * 20
    source.close()


def test_addresses_without_video(address):
    for path in ("/missing", "/"):
        with pytest.raises(SourceError, match="opened"):
            open_source(address + path)
    with pytest.raises(SourceError):
        open_source(f"http://127.0.0.1:{free_port()}/clip.mp4")
