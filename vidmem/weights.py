"""Other people's checkpoints by name: where they are, under which licence, whether they are whole.

Nothing here was downloaded where it was written: addresses say so until ``fetch`` has proved them.
"""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from vidmem.errors import CheckpointError, ConfigError

Family = Literal["sam2.1", "sam-hq", "depth-anything-v2"]
APACHE, NON_COMMERCIAL = "Apache-2.0", "CC-BY-NC-4.0"
NOT_DATA = (pickle.UnpicklingError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class Weights:
    """One checkpoint."""

    name: str
    family: Family
    repository: str
    """On the Hugging Face hub."""
    file: str
    licence: str
    about_mb: int
    markers: tuple[str, ...]
    """Names of tensors that only this family has."""

    @property
    def is_free(self) -> bool:
        """It may be used for anything."""
        return self.licence == APACHE


def _sam2(size: str, file: str, about_mb: int) -> Weights:
    return Weights(
        f"sam2.1-{size}",
        "sam2.1",
        f"facebook/sam2.1-hiera-{size}",
        f"sam2.1_hiera_{file}.pt",
        APACHE,
        about_mb,
        ("maskmem_tpos_enc", "no_obj_embed_spatial"),
    )


def _sam_hq(size: str, about_mb: int) -> Weights:
    return Weights(
        f"sam-hq-vit-{size}",
        "sam-hq",
        "lkeab/hq-sam",
        f"sam_hq_vit_{size}.pth",
        APACHE,
        about_mb,
        ("mask_decoder.hf_token.weight",),
    )


def _depth(size: str, letter: str, licence: str, about_mb: int) -> Weights:
    return Weights(
        f"depth-anything-v2-{size.lower()}",
        "depth-anything-v2",
        f"depth-anything/Depth-Anything-V2-{size}",
        f"depth_anything_v2_vit{letter}.pth",
        licence,
        about_mb,
        ("depth_head.scratch.output_conv1.weight",),
    )


_ALL = (
    _sam2("tiny", "tiny", 156),
    _sam2("small", "small", 184),
    _sam2("base-plus", "base_plus", 324),
    _sam2("large", "large", 898),
    _sam_hq("tiny", 43),
    _sam_hq("b", 379),
    _sam_hq("l", 1250),
    _sam_hq("h", 2570),
    _depth("Small", "s", APACHE, 99),
    _depth("Base", "b", NON_COMMERCIAL, 390),
    _depth("Large", "l", NON_COMMERCIAL, 1340),
)
WEIGHTS: Mapping[str, Weights] = {weights.name: weights for weights in _ALL}
"""Every checkpoint that vidmem can use."""


def known(name: str) -> Weights:
    """What is known about a checkpoint.

    Raises:
        ConfigError: no such name.
    """
    if name in WEIGHTS:
        return WEIGHTS[name]
    close = get_close_matches(name, WEIGHTS, n=1, cutoff=0.0)[0]
    raise ConfigError(
        f"There are no weights {name!r}; there are: {', '.join(WEIGHTS)}.",
        remedy=f"Try {close!r}.",
    )


def find(name: str) -> Path:
    """A checkpoint that was fetched before. Never downloads.

    Raises:
        ConfigError: no such name.
        CheckpointError: it is not here; says which command fetches it.
    """
    from huggingface_hub import try_to_load_from_cache

    weights = known(name)
    path = try_to_load_from_cache(weights.repository, weights.file)
    if isinstance(path, str):
        return Path(path)
    raise CheckpointError(f"The weights of {name} are not here.", remedy=f"Run: {command(weights)}")


def command(weights: Weights) -> str:
    """What fetches it."""
    consent = "" if weights.is_free else " --accept-licence"
    return f"vidmem weights fetch {weights.name}{consent}"


def fetch(name: str, *, accept_licence: bool = False) -> Path:
    """Download a checkpoint, or go on with a download that was cut, and check it.

    Args:
        name: of ``WEIGHTS``.
        accept_licence: the caller has agreed to a licence that forbids commercial use.

    Raises:
        ConfigError: no such name, or the licence needs consent.
        CheckpointError: it cannot be downloaded, or what came is something else.
    """
    weights = known(name)
    if not weights.is_free and not accept_licence:
        raise ConfigError(
            f"{name} is under {weights.licence}: no commercial use.",
            remedy=f"If that is fine, run: {command(weights)}",
        )
    path = _download(weights)
    try:
        check(path, weights)
    except CheckpointError:
        # The hub's cache keeps a damaged file and would give it for ever.
        path = _download(weights, anew=True)
        check(path, weights)
    return path


def _download(weights: Weights, *, anew: bool = False) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(hf_hub_download(weights.repository, weights.file, force_download=anew))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"{weights.repository}/{weights.file} cannot be downloaded: {first_line}",
            remedy="Check the connection and run the command again; it goes on where it stopped.",
        ) from None


def check(path: Path, weights: Weights) -> dict[str, Tensor]:
    """The tensors of a file, read as data, if they are of the family that was named.

    Raises:
        CheckpointError: missing, damaged, or of another family.
    """
    tensors = read_tensors(path, remedy=f"Run: {command(weights)}")
    missing = [name for name in weights.markers if name not in tensors]
    if missing:
        raise CheckpointError(
            f"{path} holds no weights of {weights.family}: it lacks {missing[0]}.",
            remedy=f"Run: {command(weights)}",
        )
    return tensors


def read_tensors(path: Path, *, remedy: str) -> dict[str, Tensor]:
    """Named tensors of a checkpoint, whichever way it wraps them; nothing in it is run.

    Raises:
        CheckpointError: missing, damaged, or no tensors.
    """
    try:
        with warnings.catch_warnings():  # of other pickle protocols: what is no data is refused
            warnings.filterwarnings("ignore", module=r"torch\._weights_only_unpickler")
            content: Any = torch.load(path, map_location="cpu", weights_only=True)
            changed = _changed(path)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}.", remedy=remedy) from None
    except (OSError, RuntimeError, EOFError, ValueError, *NOT_DATA) as error:
        first_line = str(error).partition("\n")[0]
        raise CheckpointError(
            f"{path} is damaged or no checkpoint: {first_line}", remedy=remedy
        ) from None
    if changed is not None:
        raise CheckpointError(
            f"{path} is damaged: {changed} is not what was written.", remedy=remedy
        )
    for wrapper in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path} holds no tensors.", remedy=remedy)
    if not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(f"{path} holds more than tensors.", remedy=remedy)
    return {str(name): value for name, value in content.items()}


def _changed(path: Path) -> str | None:
    """The first part of a file that differs from its check sum; torch does not look at those."""
    if not zipfile.is_zipfile(path):  # torch's format before 1.6 has none
        return None
    with zipfile.ZipFile(path) as archive:
        return archive.testzip()
