"""What people see of a memory trace: where each layer's regions begin, and its bursts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from sim.runs.memory_trace import LayerRequests
from sim.views.console import make_table, plain


def requests_table(layers: Sequence[LayerRequests]) -> Table:
    """Make the table of layers."""
    table = make_table()
    table.add_column("layer", no_wrap=True)
    for head in ("ifmap at", "filter at", "ofmap at", "bursts\nread", "bursts\nwritten"):
        table.add_column(head, justify="right", no_wrap=True)
    for layer in layers:
        addresses = (f"0x{base:X}" for base in layer.bases)
        table.add_row(plain(layer.name), *addresses, str(layer.reads), str(layer.writes))
    return table
