"""``vidmem demo``: the product in a browser."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from vidmem.cli.options import use_threads
from vidmem.errors import ConfigError

APPS = Path(__file__).parents[2] / "apps"
"""Beside the package in a checkout; an installed wheel brings ``vidmem_demo`` along."""


def demo(
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    sessions: int = 8,
    upload_mb: int = 4096,
    threads: int = 1,
) -> int:
    """Serve the web demo until interrupted.

    Args:
        host: whom to listen to; 0.0.0.0 lets everybody in your network in.
        port: where.
        sessions: people at once.
        upload_mb: largest upload.
        threads: for torch and OpenCV; 0: one per core.
    """
    serve = _serve()
    use_threads(threads)
    serve(host=host, port=port, sessions=sessions, upload_mb=upload_mb)
    return 0


def _serve() -> Callable[..., None]:
    if find_spec("gradio") is None:
        raise ConfigError(
            "The web demo needs gradio, which is not installed.",
            remedy="Run: pip install 'vidmem[demo]'.",
        )
    if find_spec("vidmem_demo") is None:
        sys.path.insert(0, str(APPS))
    from vidmem_demo.app import serve

    return serve
