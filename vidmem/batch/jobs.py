"""One video to run: what goes in, what comes out, and a key that names both."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vidmem.config import Config
from vidmem.errors import ConfigError, SourceError
from vidmem.prompts import parse_prompt
from vidmem.sources import read_annotations
from vidmem.sources.cameras import CameraFiles
from vidmem.types import Prompt

SINKS = ("overlay", "masks", "depth16", "jsonl")
LIVE = ("camera:", "rtsp://", "rtsps://", "http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One video, its prompts and its options."""

    source: str
    """As for ``open_source``."""
    out: Path
    """The folder for the results."""
    remote: str | None = None
    """Address of a folder to which finished results are moved."""
    prompts: tuple[str, ...] = ()
    """As for ``parse_prompt``."""
    masks: Path | None = None
    """First masks, as for ``read_annotations``."""
    auto: int = 0
    """Objects to propose in the first frame, where nobody points at any."""
    sinks: tuple[str, ...] = SINKS
    every: int = 1
    size: tuple[int, int] | None = None
    start: float | None = None
    end: float | None = None
    camera: CameraFiles = field(default_factory=CameraFiles)
    """What is known of the camera."""
    save_every: int = 200
    """Frames between states on disk, from which a killed run goes on."""
    config: Config = field(default_factory=Config)

    @property
    def can_resume(self) -> bool:
        """Files can be read again; cameras, streams and standard input cannot."""
        return self.source != "-" and not self.source.startswith(LIVE)

    @property
    def where(self) -> str:
        """Folder or address of the results."""
        return self.remote or str(self.out)

    def __post_init__(self) -> None:
        if self.save_every < 1:
            raise ConfigError(
                f"save-every is {self.save_every}; it is 1 or more.", remedy="Leave it out."
            )
        if self.auto < 0:
            raise ConfigError(f"auto is {self.auto}; it is 0 or more.", remedy="Leave it out.")

    def read_prompts(self) -> dict[int, list[Prompt]]:
        """By frame index.

        Raises:
            PromptError: one cannot be read.
        """
        prompts: dict[int, list[Prompt]] = {}
        if self.masks is not None:
            folder = Path(self.source) if Path(self.source).is_dir() else None
            prompts = read_annotations(self.masks, frames=folder)
        for index, prompt in map(parse_prompt, self.prompts):
            prompts.setdefault(index, []).append(prompt)
        return prompts

    def key(self) -> str:
        """Hex digits that change with the content of any input and with any option.

        Raises:
            SourceError: an input cannot be read.
        """
        options = [
            self.prompts, self.auto, self.sinks, self.every, self.size, self.start, self.end,
            self.config.hash(), asdict(self.camera),
        ]  # fmt: skip
        total = hashlib.sha256(json.dumps(options).encode())
        inputs = [Path(self.source)] if self.can_resume else []
        inputs += [self.masks] if self.masks is not None else []
        inputs += self.camera.paths
        inputs += [Path(text.partition("mask=")[2].partition("@")[0]) for text in self.prompts
                   if ":mask=" in text]  # fmt: skip
        for path in inputs:
            total.update(content_hash(path))
        return total.hexdigest()

    def described(self) -> dict[str, object]:
        """JSON values, for lists and summaries."""
        values = asdict(self)
        del values["config"]
        return {**values, "out": str(self.out), "masks": str(self.masks) if self.masks else None}


def content_hash(path: Path) -> bytes:
    """SHA-256 of a file, or of the names and contents of the files in a folder.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
        total = hashlib.sha256()
        for part in sorted(entry for entry in path.iterdir() if entry.is_file()):
            total.update(part.name.encode() + content_hash(part))
        return total.digest()
    except OSError as error:
        raise SourceError(
            f"{path} cannot be opened: {error.strerror}.", remedy="Check the path."
        ) from None
