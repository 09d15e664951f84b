"""What people see of a result file that is read back: the table of layers, with the figures that the file has."""

from __future__ import annotations

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.figures import CHIP, MACS, PES, PROCESSING, SYSTEM, TOTAL
from sim.ledger.saved import SavedResult
from sim.views.console import make_table, mapping_head, mapping_text, plain

_SHOWN = (PES, MACS, PROCESSING, TOTAL, CHIP, SYSTEM)


def show_saved(saved: SavedResult, console: Console) -> None:
    """Print what the file is of, and its layers."""
    about = saved.provenance
    title = f"[bold]{plain(about.get('workload'))}[/bold] on {plain(about.get('arch'))}"
    notes = f"{plain(about.get('model'))} model, cost table {plain(about.get('cost_table'))}"
    lines = [] if saved.complete else [f"interrupted: {len(saved.layers)} layers were finished"]
    console.print(Group(f"{title}, {notes}, by version {plain(about.get('version'))}", saved_table(saved), *lines))


def saved_table(saved: SavedResult) -> Table:
    """Make the table of layers."""
    table = make_table()
    table.add_column("layer", no_wrap=True)
    table.add_column(mapping_head(saved.layers[0]["mapping"]) if saved.layers else "", no_wrap=True)
    for figure in _SHOWN:
        table.add_column(figure.title(saved.unit), justify="right", no_wrap=True)
    for number, layer in enumerate(saved.layers):
        cells = (figure.text(saved.value(number, figure)) for figure in _SHOWN)
        table.add_row(plain(layer["name"]), plain(mapping_text(layer["mapping"])), *cells)
    return table
