"""The errors users catch: each says what came, what is allowed and what to try."""


class VidmemError(Exception):
    """Base of every error vidmem raises on purpose.

    Args:
        what: what came and what is allowed, one sentence.
        remedy: what to try, one sentence.
    """

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


class SourceError(VidmemError):
    """Frames cannot be read: missing, not a video, empty, refused."""


class TruncatedError(SourceError):
    """A source ended before its end: what was read so far is good."""


class PromptError(VidmemError):
    """A prompt that cannot be followed: outside the frame, empty, contradicting."""


class ObjectError(VidmemError):
    """An object that does not exist, or one more than there is room for."""


class ConfigError(VidmemError):
    """An unknown or impossible setting."""


class CheckpointError(VidmemError):
    """Weights or a state file that are missing, damaged or made for something else."""


class SinkError(VidmemError):
    """Results cannot be written: unwritable folder, full disk, encoder missing."""
