"""``--settings file.yaml``: differences to the defaults, before what the command line says."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from vidmem.config import config_from, flatten, settings_of
from vidmem.errors import ConfigError

OPTION = "--settings"


def with_settings(arguments: Sequence[str]) -> list[str]:
    """The arguments with every setting of the file, then of the family, spelled out, unless given.

    Raises:
        ConfigError: the file is missing, no YAML, or holds an unknown setting.
    """
    given = list(arguments)
    if OPTION in given:
        at = given.index(OPTION)
        if at + 1 == len(given):
            raise ConfigError(f"{OPTION} needs a file.", remedy=f"Write {OPTION} settings.yaml.")
        values = _read(Path(given[at + 1]))
        del given[at : at + 2]
        _add(given, values)
    _add(given, settings_of(_family(given)))
    return given


def _add(given: list[str], values: Mapping[str, object]) -> None:
    for name, value in flatten(values).items():
        option = "--" + name.replace("_", "-")
        if not any(a == option or a.startswith(option + "=") for a in given):
            given += _option(option, value)


def _family(given: Sequence[str]) -> str:
    for word, following in zip(given, [*given[1:], ""], strict=True):
        if word == "--family":
            return following
        if word.startswith("--family="):
            return word.removeprefix("--family=")
    return ""


def _option(option: str, value: object) -> list[str]:
    if isinstance(value, bool):
        head, _, knob = option.rpartition(".")
        negative = f"{head}.no-{knob}" if head else f"--no-{knob.lstrip('-')}"
        return [option if value else negative]
    return [option, str(value)]


def _read(path: Path) -> dict[str, object]:
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {type(error).__name__}.", remedy="Give a YAML file."
        ) from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no settings.", remedy="Write for example: family: nano")
    config_from(values)
    return values
