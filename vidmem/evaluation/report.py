"""Reports as tables for people."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def table(report: Mapping[str, Any]) -> Table:
    """A row per sequence (if there are any) and one for the whole."""
    rows: Mapping[str, Mapping[str, Any]] = report.get("sequences", {})
    whole = {name: value for name, value in report.items() if isinstance(value, float)}
    names = list(dict.fromkeys([*whole, *(n for row in rows.values() for n in row)]))
    drawn = Table(title=f"configuration {report.get('config_hash', '')}")
    drawn.add_column("sequence")
    for name in names:
        drawn.add_column(name, justify="right")
    for title, row in rows.items():
        drawn.add_row(title, *(_cell(row.get(name)) for name in names))
    drawn.add_section()
    drawn.add_row("mean", *(_cell(whole.get(name)) for name in names))
    return drawn


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
