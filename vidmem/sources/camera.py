"""Opens what :mod:`vidmem.sources.live` keeps open: capture devices and network streams."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import cv2
import numpy as np
from jaxtyping import UInt8

from vidmem.errors import SourceError
from vidmem.sources.containers import open_video, rate_of
from vidmem.sources.decoding import decode
from vidmem.sources.live import Connect, live_source
from vidmem.sources.pictures import PictureSource, Selection

FAILED_READS = 10
"""Unreadable pictures in a row after which a device is opened again."""


def device_source(number: int, selection: Selection, *, patience_seconds: float) -> PictureSource:
    """A camera of this machine, through OpenCV."""
    connect: Connect = partial(_read_device, number)
    return live_source(
        connect, selection, name=f"camera:{number}", patience_seconds=patience_seconds
    )


def address_source(address: str, selection: Selection, *, patience_seconds: float) -> PictureSource:
    """RTSP and endless HTTP streams are live; a file behind HTTP is read like a file.

    Raises:
        SourceError: an HTTP address that gives no video.
    """
    name = without_password(address)
    if address.startswith("http"):
        with open_video(address, name=name) as (container, stream):
            rate, count, stored = rate_of(stream), stream.frames or None, container.duration
        if stored:
            return PictureSource(
                lambda start: decode(address, start, name=name),
                selection,
                name=name,
                frames_per_second=rate,
                frame_count=count,
            )
    connect: Connect = partial(_read_address, address, name)
    return live_source(connect, selection, name=name, patience_seconds=patience_seconds)


def without_password(address: str) -> str:
    """For messages and logs."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _read_device(number: int) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(0)  # a missing device is told by our error, not by OpenCV's
    try:
        capture = cv2.VideoCapture(number)
    finally:
        cv2.utils.logging.setLogLevel(level)
    try:
        if not capture.isOpened():
            raise SourceError(
                f"There is no camera {number}.", remedy="List them with ls /dev/video*."
            )
        failed = 0
        while failed < FAILED_READS:
            good, image = capture.read()
            failed = 0 if good else failed + 1
            if good:
                yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


def _read_address(address: str, name: str) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    for picture in decode(address, 0.0, name=name):
        yield picture.read()
