"""What people see of an explanation: a paragraph a figure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sim.studies.explanation import Entry
from sim.views.console import make_table, plain


def show_explanation(entries: Sequence[Entry], console: Console) -> None:
    """Print each figure's name, unit, sentence, and the place of its formula."""
    table = make_table()
    for head in ("figure", "unit", "means", "worked out as"):
        table.add_column(head, overflow="fold")
    for entry in entries:
        table.add_row(plain(entry.name), plain(entry.unit), plain(entry.sentence), plain(entry.formula))
    console.print(table)
