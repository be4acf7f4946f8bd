"""Reports as tables for people."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

DETAILS = ("_recall", "_decay")
"""Columns with these ends make a terminal of usual width unreadable; pages and JSON have them."""


def table(report: Mapping[str, Any]) -> Table:
    """A row per sequence and one for the whole; a row per figure if there are no sequences."""
    rows, whole, every = _parts(report)
    names = [name for name in every if not name.endswith(DETAILS)]
    drawn = Table(title=f"configuration {report.get('config_hash', '')}")
    if not rows:
        drawn.add_column("figure")
        drawn.add_column("value", justify="right")
        for name in names:
            drawn.add_row(name, _cell(whole.get(name)))
        return drawn
    drawn.add_column("sequence", overflow="fold")
    for name in names:
        drawn.add_column(name, justify="right", no_wrap=True)
    for title, row in rows.items():
        drawn.add_row(title, *(_cell(row.get(name)) for name in names))
    drawn.add_section()
    drawn.add_row("mean", *(_cell(whole.get(name)) for name in names))
    return drawn


def markdown(report: Mapping[str, Any], *, title: str) -> str:
    """The same as a page in Markdown; the whole comes first."""
    rows, whole, names = _parts(report)
    lines = [["sequence", *names], ["---"] + ["---:"] * len(names)]
    for name, row in {"**mean**": whole, **rows}.items():
        lines.append([name, *(_cell(row.get(column)) for column in names)])
    table_of = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    notes = "".join(f"\n{note}\n" for note in report.get("notes", ()))
    return f"# {title}\n\nConfiguration {report['config_hash']}.\n{notes}\n{table_of}\n"


def _parts(
    report: Mapping[str, Any],
) -> tuple[Mapping[str, Mapping[str, Any]], dict[str, float], list[str]]:
    rows: Mapping[str, Mapping[str, Any]] = report.get("sequences", {})
    whole = {name: value for name, value in report.items() if isinstance(value, float)}
    names = list(dict.fromkeys([*whole, *(n for row in rows.values() for n in row)]))
    return rows, whole, names


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
