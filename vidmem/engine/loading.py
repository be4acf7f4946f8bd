"""Builds an engine: new, or from where it was saved."""

import json
from dataclasses import asdict
from pathlib import Path

from vidmem.config import Config, check_config, config_from, config_of
from vidmem.engine.engine import Engine
from vidmem.memory import Memory, check_same, load_memory, read_about
from vidmem.models import build_models
from vidmem.protocols import DepthBase, Refiner, Tracker


def load(
    family: str | None = None,
    *,
    config: Config | None = None,
    state: str | Path | None = None,
    tracker: Tracker | None = None,
    depth: DepthBase | None = None,
    refiner: Refiner | None = None,
) -> Engine:
    """An engine ready for its next frame.

    Args:
        family: which models, such as ``"nano"`` or ``"sam2.1-tiny-hq"``; the default is what
            ``config`` says. Without ``config`` it comes with its own settings.
        config: every knob; left out, the saved ones, else the defaults.
        state: a file that ``Engine.save`` wrote, to go on from there.
        tracker: your own, instead of the family's.
        depth: your own, instead of the family's.
        refiner: your own, instead of the family's.

    Raises:
        ConfigError: an unknown family or an impossible number.
        CheckpointError: the state is damaged or was saved with another configuration.
    """
    about = read_about(Path(state)) if state else None
    if about and config is None:
        config = config_from(json.loads(about["config"]))
    config = check_config(config, family) if config else config_of(family or "nano")
    memory = Memory(config.memory)
    if about and state:
        check_same(about, asdict(config), Path(state))
        load_memory(memory, Path(state))
    models = build_models(config, tracker=tracker, depth=depth, refiner=refiner)
    return Engine(models, memory, config)
