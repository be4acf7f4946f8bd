"""The page and its server."""

import os
from threading import Thread
from typing import Any

from vidmem_demo.clips import example_clip
from vidmem_demo.handlers import Handlers
from vidmem_demo.layout import Page, lay_out, text_of
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
        _wire(gr, blocks, page, Handlers(page, sessions, gr.Warning), sessions)
    return blocks.queue(max_size=WAITING, default_concurrency_limit=8)


def launch(blocks: Any, *, host: str, port: int, upload_mb: int, **options: Any) -> Any:
    """Serve it; ``options`` go to gradio."""
    import gradio as gr

    return blocks.launch(
        server_name=host, server_port=port, max_file_size=f"{upload_mb}mb", share=False,
        ssr_mode=False, footer_links=[], theme=_theme(gr), css=text_of("style.css"),
        head=f"<script>{text_of('keys.js')}</script>", **options,
    )  # fmt: skip


def serve(
    *, host: str = "127.0.0.1", port: int = 7860, sessions: int = 8, upload_mb: int = 4096
) -> None:
    """Make the example where it is missing, serve until interrupted, leave nothing behind."""
    # Beside the server: whoever asks for it earlier waits for the rest.
    Thread(target=example_clip, name="vidmem-example", daemon=True).start()
    open_sessions = Sessions(most=sessions)
    try:
        launch(build(open_sessions), host=host, port=port, upload_mb=upload_mb)
    finally:
        open_sessions.close()


def _wire(gr: Any, blocks: Any, page: Page, do: Handlers, sessions: Sessions) -> None:
    def arrive(request: gr.Request) -> str:
        return str(request.session_hash)

    def leave(request: gr.Request) -> None:
        sessions.end(str(request.session_hash))

    blocks.load(arrive, outputs=page.key, **QUIET)
    blocks.unload(leave)
    usual = {"outputs": [getattr(page, name) for name in PAINTED], **QUIET}
    settings = [page.family, page.budget, page.keyframes, page.depth]
    _wire_videos(gr, page, do, settings, usual)
    _wire_running(page, do, settings, usual)
    _wire_objects(gr, page, do, usual)
    page.prepare.click(
        do.download, [page.key, page.kinds], [page.stage, page.files, page.command], **QUIET
    )
    for knob in (page.family, page.depth):
        knob.input(do.settings, [page.key, *settings], **usual)
    for knob in (page.budget, page.keyframes):
        knob.release(do.settings, [page.key, *settings], **usual)


def _wire_videos(
    gr: Any, page: Page, do: Handlers, settings: list[Any], usual: dict[str, Any]
) -> None:
    key = page.key
    page.upload.upload(do.upload, [key, page.upload, *settings], **usual)
    page.example.click(do.example, [key, *settings], **usual)
    page.camera_button.click(lambda: gr.update(visible=True), outputs=page.camera, **QUIET)
    page.camera.stream(
        do.camera_picture, [key, page.camera, *settings], stream_every=CAMERA_SECONDS,
        time_limit=CLEAN_SECONDS, **usual,
    )  # fmt: skip


def _wire_running(page: Page, do: Handlers, settings: list[Any], usual: dict[str, Any]) -> None:
    key = page.key
    page.start.click(do.start, key, concurrency_limit=None, trigger_mode="multiple", **usual)
    page.stop.click(do.stop, [key, *settings], **usual)
    page.back.click(lambda key: do.move(key, -1), key, **usual)
    page.forth.click(lambda key: do.move(key, 1), key, **usual)
    page.frame.release(do.go_to, [key, page.frame], **usual)


def _wire_objects(gr: Any, page: Page, do: Handlers, usual: dict[str, Any]) -> None:
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
