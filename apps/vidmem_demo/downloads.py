"""Answers as files: written when somebody asks, from what was recorded, with vidmem's own sinks."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from vidmem import Config, VidmemError, open_sinks
from vidmem.config import config_of, flatten
from vidmem_demo.session import Session

KINDS: Mapping[str, tuple[str, str]] = {
    "Overlay (mp4)": ("overlay", "overlay.mp4"),
    "Masks (png)": ("masks", "masks"),
    "Cutout (mov)": ("cutout", "cutout.mov"),
    "COCO (json)": ("coco", "coco.json"),
    "Depth (16-bit png)": ("depth16", "depth"),
    "Results (jsonl)": ("jsonl", "results.jsonl"),
}
"""What may be asked for: the sink and what it writes."""
STATE = "State, to go on later"


class NothingYet(VidmemError):
    """There is nothing to download."""


def write_downloads(session: Session, kinds: Sequence[str]) -> list[Path]:
    """Write the files; folders become zip files.

    Raises:
        VidmemError: nothing was computed, or the disk is full.
    """
    if not session.recording.kept:
        raise NothingYet("There is nothing to download yet.", remedy="Press Start first.")
    out = session.folder / "downloads"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    wanted = [KINDS[kind] for kind in kinds if kind in KINDS]
    files = []
    if wanted:
        _replay(session, [sink for sink, _ in wanted], out)
        files = [_packed(out / name) for _, name in wanted if (out / name).exists()]
    if STATE in kinds:
        session.engine.save(out / "state.safetensors")
        files.append(out / "state.safetensors")
    return files


def _replay(session: Session, sinks: Sequence[str], out: Path) -> None:
    if not session.clip.seekable:
        raise NothingYet(
            "The pictures of a camera are not kept.",
            remedy="Record a file and upload it, or use vidmem run camera:0.",
        )
    sink = open_sinks(sinks, out, frames_per_second=session.clip.frames_per_second)
    try:
        frames = session.clip.frames(lambda: 0, session.recording.seconds)
        with closing(frames):  # type: ignore[type-var]
            for result in session.results(frames):
                sink.write(result)
        sink.close()
    except BaseException:
        sink.abort()
        raise


def _packed(path: Path) -> Path:
    if not path.is_dir():
        return path
    return Path(shutil.make_archive(str(path), "zip", path.parent, path.name))


def command_line(session: Session) -> str:
    """The command that gives the same answers for the whole video."""
    source = session.clip.name if session.clip.seekable else "camera:0"
    words = ["vidmem", "run", source, "--out", "out"]
    words += [part for text in session.marks.options() for part in ("--prompt", text)]
    words += _settings(session.engine.config)
    lines, line = [], ""
    for word in map(shlex.quote, words):
        if word.startswith("--") and line:
            lines.append(line)
            line = "   "
        line = f"{line} {word}".lstrip() if not line.strip() else f"{line} {word}"
    removed = (f"\n# not the same: {name} was removed at frame {n}" for n, name in session.removed)
    return " \\\n    ".join([*lines, line]) + "".join(removed)


def _settings(config: Config) -> list[str]:
    """What differs from the family's own settings."""
    usual, words = flatten(asdict(config_of(config.family))), []
    if config.family != Config().family:
        words += ["--family", config.family]
    for name, value in flatten(asdict(config)).items():
        if value == usual[name] or name.startswith("runtime."):
            continue
        section, _, knob = name.replace("_", "-").rpartition(".")
        if isinstance(value, bool):
            words.append(f"--{section}.{'' if value else 'no-'}{knob}")
        else:
            words += [f"--{section}.{knob}", str(value)]
    return words
