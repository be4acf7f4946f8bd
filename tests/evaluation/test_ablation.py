"""Without one part at a time: the configuration changes where it should, and rows are compared."""

from dataclasses import asdict, replace

import pytest

from vidmem import Config, load
from vidmem.config import DepthConfig, RefineConfig, RuntimeConfig, config_of, flatten
from vidmem.errors import ConfigError
from vidmem.evaluation.ablation import PARTS, ablate, parts_of, without

PLAIN = Config(depth=DepthConfig(enabled=False))
ABSENCE = {"memory.skip_empty": False, "memory.reliability": False}
NANO = {
    "policy": {"memory.policy": "fifo"},
    "refine": {"refine.by": "edges"},
    "refresh": {"tracker.refresh": False},
    "absence": ABSENCE,
    "depth-for-masks": {"depth.enabled": False},
}
HQ = {
    "policy": {"memory.policy": "fifo"},
    "refine": {"refine.by": "edges"},
    "selection": {"refine.select": "score"},
    "feedback": {"refine.feedback": False},
    "absence": ABSENCE,
    "depth-for-masks": {"depth.enabled": False},
}
REFINERS = [("plain", "PlainRefiner"), ("edges", "EdgeRefiner"), ("nano", "Corrected")]


@pytest.mark.parametrize(
    ("deadline_ms", "kind"), [(0.0, "Corrected"), (66.0, "EdgeRefiner"), (150.0, "Corrected")]
)
def test_a_tight_deadline_leaves_no_time_to_correct_masks(deadline_ms, kind):
    engine = load(config=replace(PLAIN, runtime=RuntimeConfig(deadline_ms=deadline_ms)))
    assert type(engine.models.refiner).__name__ == kind


@pytest.mark.parametrize(("family", "expected"), [("nano", NANO), ("sam2.1-tiny-hq", HQ)])
def test_only_that_part_changes_or_there_is_no_such_part(family, expected):
    config = config_of(family)
    for part in PARTS:
        changed = without(config, part)
        if part not in expected:
            assert changed is None
            continue
        before, after = flatten(asdict(config)), flatten(asdict(changed))
        assert {k: v for k, v in after.items() if before[k] != v} == expected[part]


def test_what_is_off_already_cannot_be_left_out():
    assert without(PLAIN, "depth-for-masks") is None
    assert without(replace(PLAIN, refine=RefineConfig(by="plain")), "refine") is None
    with pytest.raises(ConfigError, match="without selection already") as caught:
        ablate(PLAIN, ["selection"], load=load, evaluate=lambda make: {})
    assert "refresh" in caught.value.remedy and "selection" not in caught.value.remedy


def test_parts_are_named_with_commas():
    assert parts_of("policy, depth-for-masks") == ("policy", "depth-for-masks")
    with pytest.raises(ConfigError, match="no part 'polcy'"):
        parts_of("refine,polcy")


def test_rows_tell_what_a_part_is_worth():
    def evaluate(make):
        config = make().config
        return {"JF": 0.5 if config.memory.policy == "fifo" else 0.7, "fps": 10.0}

    parts = ["policy", "selection"]
    report = ablate(PLAIN, parts, load=lambda c: load(config=c), evaluate=evaluate)
    rows = report["sequences"]
    assert rows["everything"]["JF"] == 0.7 and "gain" not in rows["everything"]
    assert rows["without policy"]["gain"] == pytest.approx(0.2)
    assert rows["selection: not there"] == {} and len(rows) == 3
    assert report["config_hash"] == PLAIN.hash()


@pytest.mark.parametrize(("by", "kind"), REFINERS)
def test_the_named_refiner_is_built(by, kind):
    engine = load(config=replace(PLAIN, refine=RefineConfig(by=by)))
    assert type(engine.models.refiner).__name__ == kind
