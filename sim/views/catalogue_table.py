"""What people see of what comes with the program."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sim.chips.registry import chip_of, kinds
from sim.files.shipped import shipped
from sim.views.console import make_table, plain


def show_catalogue(shelves: Sequence[str], console: Console) -> None:
    """Print each kind with a line on everything in it."""
    for number, shelf in enumerate(shelves):
        table = make_table()
        table.add_column(shelf, no_wrap=True)
        table.add_column("", overflow="fold")
        for name, about in _entries(shelf):
            table.add_row(plain(name), plain(about))
        console.print(*([""] if number else []), table, sep="\n")


def _entries(shelf: str) -> list[tuple[str, str]]:
    if shelf != "chips":
        return [(one.name, one.about) for one in shipped(shelf)]
    found = ((kind, chip_of(kind)) for kind in kinds())
    return [(kind, f"{chip.title}; models: {', '.join(chip.models)}") for kind, chip in found if chip is not None]
