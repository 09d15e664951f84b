"""Energy per image, by layer and kind of data, as the estimation methodology reports it (Asilomar 2017, Fig. 6)."""

from __future__ import annotations

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.estimate import Estimate, estimate_of, percent
from sim.ledger.results import NetworkResult
from sim.views.console import make_console, make_table, plain
from sim.views.scale import Scale, scale_for

_MOST_SHOWN = 1e5  # five digits before the point stay readable


def estimate_summary(estimate: Estimate) -> str:
    """State the network's energy per image, and how much of it CONV and FC layers take."""
    total, fc = estimate.total, estimate.fc_total
    scale = scale_for(estimate.unit, total, below=1000)
    return (
        f"{total / scale.factor:.2f} {scale.name} per image; "
        f"CONV {percent(total - fc, total):.1f} %, FC {percent(fc, total):.1f} %"
    )


def show_estimate(result: NetworkResult, *, status: str, to_stderr: bool) -> None:
    """Print the table that people see, and what it holds, where a command prints."""
    print_estimate(result, make_console(to_stderr=to_stderr), status=status)


def print_estimate(result: NetworkResult, console: Console, *, status: str) -> None:
    """Print the table that people see, and what it holds."""
    estimate, origin = estimate_of(result), {key: plain(value) for key, value in result.provenance.items()}
    scale = scale_for(estimate.unit, estimate.largest, below=_MOST_SHOWN)
    lines = [f"batch {result.batch}: {estimate_summary(estimate)}"]
    if status == "provisional":
        lines.append(f"note: cost table {origin['cost_table']} is provisional, not yet calibrated")
    title = f"[bold]{origin['workload']}[/bold] on {origin['arch']}, {origin['model']} model"
    head = f"{title}, cost table {origin['cost_table']}: energy per image in {scale.name}"
    console.print(Group(head, _shown_table(estimate, scale), "", *lines))


def _shown_table(estimate: Estimate, scale: Scale) -> Table:
    has_static = any(layer.static for layer in estimate.layers)
    kinds = ("computation", "weight", "ifmap", "ofmap", *(["static"] if has_static else []), "total")
    table = make_table(show_footer=True, footer_style="bold")
    table.add_column("layer", "total", no_wrap=True)
    for kind in kinds:
        whole = sum(getattr(layer, kind) for layer in estimate.layers)
        table.add_column(kind, f"{whole / scale.factor:.2f}", justify="right", no_wrap=True)
    table.add_column("share %", f"{percent(estimate.total, estimate.total):.1f}", justify="right", no_wrap=True)
    for layer in estimate.layers:
        numbers = [f"{getattr(layer, kind) / scale.factor:.2f}" for kind in kinds]
        table.add_row(plain(layer.name), *numbers, f"{percent(layer.total, estimate.total):.1f}")
    return table
