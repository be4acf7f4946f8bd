"""What stands where on the page. No behaviour: see ``handlers``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidmem import Config
from vidmem.config import FAMILIES
from vidmem_demo.downloads import KINDS, STATE
from vidmem_demo.timeline import NOTHING

HERE = Path(__file__).parent
HEAD = (
    "<div class='vm-head'><h1>vidmem</h1><p>Follow objects and measure depth through endless "
    "video, in constant memory.</p></div>"
)
SHORTCUTS = (
    ("space", "start, pause"), ("esc", "stop"), ("1", "add"), ("2", "cut away"), ("3", "box"),
    ("n", "new object"), ("z", "undo"), ("← →", "frame"), ("shift + click", "cut away"),
)  # fmt: skip
KEYS = (
    "<p class='vm-keys'>"
    + " ".join(f"<span><kbd>{key}</kbd> {what}</span>" for key, what in SHORTCUTS)
    + "</p>"
)
TOOLS = [("+ Add", "add"), ("− Cut away", "cut"), ("Box", "box")]
REFINERS = [("Learned", "nano"), ("Edges", "edges"), ("SAM-HQ", "sam-hq"), ("None", "plain")]
KNOBS = ("family", "refine", "budget", "keyframes", "depth")
"""The settings, in the order in which handlers take them."""
CONTAINERS = (".mkv", ".ts", ".mts", ".m2ts", ".mpg", ".vob", ".mxf", ".flv", ".wmv", ".y4m")
"""What browsers do not always call a video."""
EMPTY = {
    "masks": "",
    "depth": "",
    "hint": "Follow anything in a video: click on it once.",
    "depth_hint": "How near things are appears here.",
    "name": "",
    "tags": [],
    "status": "",
    "say": "",
    "state": "empty",
    "frame": -1,
}


@dataclass(slots=True)
class Page:
    """Every component that something happens to."""

    key: Any
    upload: Any
    example: Any
    camera_button: Any
    camera: Any
    stage: Any
    start: Any
    stop: Any
    back: Any
    forth: Any
    frame: Any
    memory: Any
    objects: Any
    colours: Any
    new: Any
    name: Any
    remove: Any
    tool: Any
    undo: Any
    family: Any
    refine: Any
    budget: Any
    keyframes: Any
    depth: Any
    kinds: Any
    prepare: Any
    files: Any
    command: Any


def text_of(name: str) -> str:
    """A file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def lay_out(*, forget: Any) -> Page:
    """Make the components inside an open ``gr.Blocks``; ``forget`` gets the key of an old tab."""
    import gradio as gr

    parts: dict[str, Any] = {"key": gr.State(None, delete_callback=forget)}
    gr.HTML(HEAD, elem_id="head")
    with gr.Row(equal_height=False, elem_id="page"):
        with gr.Column(scale=3, min_width=320, elem_id="main"):
            parts |= _stage(gr) | _transport(gr)
            with gr.Accordion("Memory", open=True, elem_id="memory-panel"):
                parts["memory"] = gr.HTML(NOTHING, elem_id="memory", apply_default_css=False)
        with gr.Column(scale=1, min_width=300, elem_id="side"):
            parts |= _sources(gr) | _objects(gr) | _settings(gr) | _downloads(gr)
            gr.HTML(KEYS, elem_id="keys")
    return Page(**parts)


def _stage(gr: Any) -> dict[str, Any]:
    stage = gr.HTML(
        EMPTY,
        html_template=text_of("stage.html"),
        js_on_load=text_of("stage.js"),
        elem_id="stage",
        apply_default_css=False,
    )
    return {"stage": stage}


def _transport(gr: Any) -> dict[str, Any]:
    with gr.Row(elem_id="transport"):
        start = gr.Button(
            "Start", variant="primary", interactive=False, elem_id="start", scale=3, min_width=110
        )
        stop = gr.Button("Stop", interactive=False, elem_id="stop", scale=1, min_width=70)
        back = gr.Button("‹", interactive=False, elem_id="back", scale=0, min_width=44)
        forth = gr.Button("›", interactive=False, elem_id="forth", scale=0, min_width=44)
    frame = gr.Slider(
        0, 1, value=0, step=1, label="Go back to frame", interactive=False, elem_id="frame",
        info="Pause, choose a frame, click what is right there, and continue.", buttons=[],
    )  # fmt: skip
    return {"start": start, "stop": stop, "back": back, "forth": forth, "frame": frame}


def _sources(gr: Any) -> dict[str, Any]:
    with gr.Column(elem_id="sources"):
        upload = gr.File(
            label="Video", file_types=["video", *CONTAINERS], elem_id="upload", height=132,
            type="filepath",
        )  # fmt: skip
        with gr.Row():
            example = gr.Button("Try the example", elem_id="example", size="sm", min_width=120)
            use = gr.Button("Use the camera", elem_id="use-camera", size="sm", min_width=120)
        camera = gr.Image(
            sources=["webcam"], streaming=True, type="numpy", format="jpeg", visible=False,
            label="Camera", elem_id="camera", height=220, buttons=[],
            webcam_options=gr.WebcamOptions(mirror=False),
        )  # fmt: skip
    return {"upload": upload, "example": example, "camera_button": use, "camera": camera}


def _objects(gr: Any) -> dict[str, Any]:
    with gr.Column(elem_id="object-panel"):
        objects = gr.Radio(
            [("object 1", 1)], value=1, label="Object", elem_id="objects", interactive=True
        )
        tool = gr.Radio(
            TOOLS, value="add", label="A click on the picture", elem_id="tool",
            info="Adds to the object, cuts away, or sets a corner: two clicks make a box.",
        )  # fmt: skip
        with gr.Row():
            new = gr.Button("New object", elem_id="new", size="sm", min_width=80)
            undo = gr.Button("Undo click", elem_id="undo", size="sm", min_width=80)
            remove = gr.Button("Remove", elem_id="remove", size="sm", min_width=70)
        name = gr.Textbox(
            label="Name of this object", max_lines=1, elem_id="name", placeholder="object 1",
            max_length=40,
        )  # fmt: skip
        colours = gr.HTML("", elem_id="colours")
    return {
        "objects": objects, "name": name, "new": new, "remove": remove, "tool": tool,
        "undo": undo, "colours": colours,
    }  # fmt: skip


def _settings(gr: Any) -> dict[str, Any]:
    usual = Config()
    with gr.Accordion("Settings", open=False, elem_id="settings"):
        family = gr.Dropdown(
            list(FAMILIES), value=usual.family, label="Family", elem_id="family",
            info="nano runs anywhere; the sam2.1 families need checkpoints.",
        )  # fmt: skip
        refine = gr.Radio(
            REFINERS, value=usual.refine.by, label="Refine masks by", elem_id="refine",
            info="Learned (for nano) and Edges need nothing; SAM-HQ needs a checkpoint.",
        )  # fmt: skip
        budget = gr.Slider(
            64, 1024, value=usual.memory.budget_mb, step=64, label="Memory budget (MB)",
            info="Everything remembered, together. Never exceeded.", elem_id="budget", buttons=[],
        )  # fmt: skip
        keyframes = gr.Slider(
            1, 16, value=usual.memory.long_term, step=1, label="Long-term keyframes",
            info="Per object. More remember more looks, and cost time.", elem_id="long-term",
            buttons=[],
        )  # fmt: skip
        depth = gr.Checkbox(
            usual.depth.enabled, label="Depth", info="Off is faster.", elem_id="depth"
        )
    return {
        "family": family, "refine": refine, "budget": budget, "keyframes": keyframes,
        "depth": depth,
    }  # fmt: skip


def _downloads(gr: Any) -> dict[str, Any]:
    with gr.Accordion("Download", open=False, elem_id="download"):
        kinds = gr.CheckboxGroup(
            [*KINDS, STATE], value=[next(iter(KINDS))], label="Files", elem_id="kinds"
        )
        prepare = gr.Button("Prepare files", elem_id="prepare", size="sm")
        files = gr.File(
            label="Ready", file_count="multiple", interactive=False, visible=False, elem_id="files"
        )
        command = gr.Code(
            "", language="shell", label="The same on the command line", interactive=False,
            elem_id="command", wrap_lines=True, lines=3,
        )  # fmt: skip
    return {"kinds": kinds, "prepare": prepare, "files": files, "command": command}
