"""The page and its server."""

import os
import sys
from signal import SIGTERM, signal
from threading import Event, Thread
from typing import Any

from vidmem.errors import ConfigError
from vidmem_demo.clips import example_clip
from vidmem_demo.desk import Desk
from vidmem_demo.layout import KNOBS, Page, lay_out, text_of
from vidmem_demo.on_objects import OnObjects
from vidmem_demo.on_running import OnRunning
from vidmem_demo.on_videos import OnVideos
from vidmem_demo.sessions import Sessions

CLEAN_SECONDS = 3600
"""Files of tabs that vanished without a word go after this."""
WAITING = 32
"""Events in the queue at most."""
PAINTED = (
    "stage", "memory", "start", "stop", "back", "forth", "frame", "objects", "name", "colours",
    "command",
)  # fmt: skip
"""Of the page's parts, those that every event may change."""
QUIET = {"show_progress": "hidden", "api_visibility": "private"}
"""No spinner over the pictures, and no page of an API."""
CAMERA_SECONDS = 0.1
"""Between pictures of the browser's camera."""


def build(sessions: Sessions) -> Any:
    """The page, ready to be launched."""
    # Read when gradio is imported and when components are made.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(sessions.root)
    import gradio as gr

    with gr.Blocks(
        title="vidmem", analytics_enabled=False, delete_cache=(CLEAN_SECONDS, CLEAN_SECONDS)
    ) as blocks:
        page = lay_out(forget=lambda key: sessions.end(key) if key else None)
        _wire(gr, blocks, Desk(page, sessions, gr.Warning))
    return blocks.queue(max_size=WAITING, default_concurrency_limit=8)


def launch(blocks: Any, *, host: str, port: int, upload_mb: int, **options: Any) -> Any:
    """Serve it; ``options`` go to gradio.

    Raises:
        ConfigError: the port is taken.
    """
    import gradio as gr

    try:
        return blocks.launch(
            server_name=host, server_port=port, max_file_size=f"{upload_mb}mb", share=False,
            ssr_mode=False, footer_links=[], theme=_theme(gr), css=text_of("style.css"),
            head=f"<script>{text_of('keys.js')}</script>", quiet=True, **options,
        )  # fmt: skip
    except OSError:
        raise ConfigError(
            f"Nothing can listen at {host}, port {port}.",
            remedy=f"Another demo may run there; try --port {port + 1}.",
        ) from None


def serve(
    *, host: str = "127.0.0.1", port: int = 7860, sessions: int = 8, upload_mb: int = 4096
) -> None:
    """Make the example where it is missing, serve until interrupted, leave nothing behind.

    Raises:
        ConfigError: the port is taken.
    """
    # Beside the server: whoever asks for it earlier waits for the rest.
    Thread(target=example_clip, name="vidmem-example", daemon=True).start()
    open_sessions, ended = Sessions(most=sessions), Event()
    signal(SIGTERM, lambda *_: ended.set())
    try:
        launch(
            build(open_sessions), host=host, port=port, upload_mb=upload_mb,
            prevent_thread_lock=True,
        )  # fmt: skip
        sys.stderr.write(f"The demo is at http://{host}:{port} until you press Ctrl+C.\n")
        ended.wait()
    finally:
        open_sessions.close()


def _wire(gr: Any, blocks: Any, desk: Desk) -> None:
    page = desk.page

    def arrive(request: gr.Request) -> str:
        return str(request.session_hash)

    def leave(request: gr.Request) -> None:
        desk.sessions.end(str(request.session_hash))

    blocks.load(arrive, outputs=page.key, **QUIET)
    blocks.unload(leave)
    usual = {"outputs": [getattr(page, name) for name in PAINTED], **QUIET}
    _wire_videos(gr, page, OnVideos(desk), usual)
    _wire_running(page, OnRunning(desk), usual)
    _wire_objects(gr, page, OnObjects(desk), usual)


def _settings(page: Page) -> list[Any]:
    return [getattr(page, name) for name in KNOBS]


def _wire_videos(gr: Any, page: Page, do: OnVideos, usual: dict[str, Any]) -> None:
    key, settings = page.key, _settings(page)
    painted = usual["outputs"]
    page.upload.upload(
        do.upload, [key, page.upload, *settings], outputs=[*painted, page.upload], **QUIET
    )
    page.example.click(do.example, [key, *settings], **usual)
    page.camera_button.click(lambda: gr.update(visible=True), outputs=page.camera, **QUIET)
    page.camera.stream(
        do.camera_picture, [key, page.camera, *settings], stream_every=CAMERA_SECONDS,
        time_limit=CLEAN_SECONDS, **usual,
    )  # fmt: skip
    shown = [*painted, *settings]
    page.family.select(do.family, [key, page.family], outputs=shown, **QUIET)
    for knob in (page.refine, page.depth):
        knob.input(do.settings, [key, *settings], outputs=shown, **QUIET)
    for knob in (page.budget, page.keyframes):
        knob.release(do.settings, [key, *settings], outputs=shown, **QUIET)


def _wire_running(page: Page, do: OnRunning, usual: dict[str, Any]) -> None:
    key = page.key
    page.start.click(
        do.start, [key, *_settings(page)], concurrency_limit=None, trigger_mode="multiple", **usual
    )
    page.stop.click(do.stop, key, **usual)
    page.back.click(lambda key: do.move(key, -1), key, **usual)
    page.forth.click(lambda key: do.move(key, 1), key, **usual)
    page.frame.release(do.go_to, [key, page.frame], **usual)
    page.prepare.click(
        do.download, [key, page.kinds], [page.stage, page.files, page.command], **QUIET
    )


def _wire_objects(gr: Any, page: Page, do: OnObjects, usual: dict[str, Any]) -> None:
    def select(key: str, tool: str, event: gr.SelectData) -> Any:
        return do.click(key, tool, (event.index[0], event.index[1]), event.value or "")

    key = page.key
    page.stage.select(select, [key, page.tool], **usual)
    page.objects.input(do.choose, [key, page.objects], **usual)
    page.new.click(do.new_object, key, **usual)
    page.name.submit(do.rename, [key, page.name], **usual)
    page.name.blur(do.rename, [key, page.name], **usual)
    page.remove.click(do.remove, key, **usual)
    page.undo.click(do.undo, key, **usual)


def _theme(gr: Any) -> Any:
    """System fonts: nothing is fetched from anywhere."""
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="zinc", radius_size="md", spacing_size="sm",
        font=["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "sans-serif"],
        font_mono=["ui-monospace", "DejaVu Sans Mono", "monospace"],
    )  # fmt: skip
