"""Settings from nested values, checked, with errors that name the nearest known one."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import yaml

from vidmem.config.knobs import FAMILIES, Config, Family
from vidmem.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "configs"
MAY_BE_ZERO = ("latest", "distractors", "deadline_ms", "threads")


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def settings_of(family: str) -> dict[str, Any]:
    """What a family changes of the defaults; nothing for an unknown one."""
    path = FOLDER / f"{family}.yaml"
    if family not in FAMILIES or not path.is_file():
        return {}
    values: dict[str, Any] = yaml.safe_load(path.read_text())
    return values


def config_of(family: str) -> Config:
    """The configuration a family comes with.

    Raises:
        ConfigError: an unknown family.
    """
    check_config(Config(), family)
    return config_from({"family": family, **settings_of(family)})


def config_from(values: Mapping[str, Any]) -> Config:
    """A configuration from nested values: differences to the defaults.

    Raises:
        ConfigError: an unknown name, with the nearest known one.
    """
    known = flatten(asdict(Config()))
    given = flatten(values)
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise ConfigError(f"There is no setting {name!r}.", remedy=f"Perhaps {close!r}?")
    config = Config()
    for name, value in given.items():
        _check_value(name, value, config)
        section, _, knob = name.rpartition(".")
        if section:
            changed = replace(getattr(config, section), **{knob: value})
            config = replace(config, **{section: changed})
        else:
            config = replace(config, **{knob: value})
    return check_config(config)


def _check_value(name: str, value: object, config: Config) -> None:
    """Refuse a value of another type than the knob's, or another choice."""
    section, _, knob = name.rpartition(".")
    hint = get_type_hints(type(getattr(config, section) if section else config))[knob]
    allowed = get_args(hint)
    if (allowed and value in allowed) or (not allowed and type(value) is hint):
        return
    if hint is float and type(value) is int:
        return
    wanted = " or ".join(map(str, allowed)) if allowed else hint.__name__
    raise ConfigError(f"{name} is {value!r}.", remedy=f"Write {wanted}.")


def check_config(config: Config, family: str | None = None) -> Config:
    """The configuration, for ``family`` where one is named.

    Raises:
        ConfigError: an unknown family, or a number outside its range.
    """
    if family not in (None, *FAMILIES):
        close = get_close_matches(str(family), FAMILIES, n=1, cutoff=0.0)
        raise ConfigError(
            f"There is no family {family!r}; there is: {', '.join(FAMILIES)}.",
            remedy=f"Try {close[0]!r}.",
        )
    for section in ("memory", "tracker", "refine", "runtime"):
        for name, value in asdict(getattr(config, section)).items():
            least = 0 if name in MAY_BE_ZERO else 1
            if isinstance(value, int) and not isinstance(value, bool) and value < least:
                raise ConfigError(
                    f"{section}.{name} is {value}; it must be at least {least}.",
                    remedy=f"Leave --{section}.{name.replace('_', '-')} out for the default.",
                )
    if not 0 <= config.runtime.deadline_ms < 1e9:
        raise ConfigError(
            f"runtime.deadline_ms is {config.runtime.deadline_ms}; it must be at least 0.",
            remedy="Write 0 for no deadline.",
        )
    return config if family is None else replace(config, family=cast(Family, family))
