"""Settings files: differences only, the command line wins, mistakes are named."""

import pytest

from vidmem.cli.settings import with_settings
from vidmem.errors import ConfigError


def settings(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return ["run", "clip.mp4", "--settings", str(path)]


def test_settings_become_options(tmp_path):
    given = settings(tmp_path, "memory: {budget_mb: 64, policy: fifo}\ndepth: {enabled: false}\n")
    assert with_settings(given) == [
        "run", "clip.mp4", "--memory.budget-mb", "64", "--memory.policy", "fifo",
        "--depth.no-enabled",
    ]  # fmt: skip


def test_the_command_line_wins(tmp_path):
    given = [*settings(tmp_path, "memory: {budget_mb: 64}\n"), "--memory.budget-mb", "99"]
    assert with_settings(given) == ["run", "clip.mp4", "--memory.budget-mb", "99"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memory: {budgt_mb: 64}", "memory.budgt_mb"),
        ("memory: {policy: clever}", "memory.policy is 'clever'"),
        ("memory: {budget_mb: many}", "memory.budget_mb is 'many'"),
        ("just words", "holds no settings"),
        ("a: [", "cannot be read"),
    ],
)
def test_mistakes_are_named(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
        with_settings(settings(tmp_path, text))
