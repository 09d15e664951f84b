"""The chip's mean power over the total latency, by the components of JSSC 2017, Fig. 16: table, CSV and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.chips.eyeriss.silicon.power import PowerReport
from sim.chips.eyeriss.silicon.published import read_power_shares
from sim.ledger.results import COMPONENTS, FIG16_COMPONENTS
from sim.views.console import operating_point_text, plain

_WIDE = 100  # columns in which the numbers may stand two blanks apart
_HEADS = {
    "clock": "clock",
    "spads": "spads",
    "mult_add": "mult\nadd",
    "pe_control": "PE\nctrl",
    "pe_fifos": "PE\nFIFOs",
    "glb": "GLB",
    "multicast_noc": "NoC",
    "io_pads": "I/O\npads",
    "top_control": "top\nctrl",
    "leakage": "leak",
    "always_on": "always\non",
}


def show_power(report: PowerReport, console: Console, *, status: str) -> None:
    """Print milliwatts, then per cent with the published ones below ours, then what there is to know about them."""
    origin = report.result.provenance
    title = f"[bold]{plain(origin['workload'])}[/bold] on {plain(origin['arch'])}"
    notes = f"{origin['model']} model, cost table {plain(origin['cost_table'])}"
    point = report.result.operating_point
    tight = console.width < _WIDE
    at = f", {operating_point_text(point)}" if point else ""
    console.print(
        Group(f"{title}, {notes}{at}", _milliwatts(report, tight=tight), "", _shares(report, tight=tight), "")
    )
    for line in _notes(report, status):
        console.print(line)


def _columns(report: PowerReport) -> list[str]:
    """Return the figure's components, and of the others those that take any power."""
    return [part for part in COMPONENTS if part in FIG16_COMPONENTS or report.total.watts[part]]


def _table(first: str, heads: Sequence[str], *, tight: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=tight)
    table.add_column(first, overflow="fold", min_width=9)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _milliwatts(report: PowerReport, *, tight: bool) -> Table:
    parts = _columns(report)
    table = _table("\nmW", ["total\nms", *(_HEADS[part] for part in parts), "chip"], tight=tight)
    for one in (*report.layers, report.total):
        if one is report.total:
            table.add_section()
        cells = [one.watts[part] for part in parts] + [one.chip_w]
        table.add_row(
            plain(one.name),
            f"{one.latency_s * 1e3:.2f}",
            *(f"{watts * 1e3:.1f}" for watts in cells),
            style="bold" if one is report.total else None,
        )
    return table


def _shares(report: PowerReport, *, tight: bool) -> Table:
    parts = _columns(report)
    table = _table("\n% of chip", [_HEADS[part] for part in parts], tight=tight)
    for one in (*report.layers, report.total):
        shares = one.percent
        style = "bold" if one is report.total else None
        table.add_row(plain(one.name), *(f"{shares[part]:.1f}" for part in parts), style=style)
        if one.fig16_pct is not None:
            published = [f"{one.fig16_pct[part]:.1f}" if part in one.fig16_pct else "" for part in parts]
            table.add_row("  Fig. 16", *published, style="dim")
    return table


def _notes(report: PowerReport, status: str) -> list[str]:
    """State what the tables leave out, where the published rows come from, and what the costs are worth."""
    result, total = report.result, report.total
    lines = [f"batch {result.batch}: mean over the total latency of {total.latency_s * 1e3:.2f} ms, without DRAM"]
    cost_table = plain(result.provenance["cost_table"])
    free = [part for part in FIG16_COMPONENTS if not total.watts[part]]
    if free:
        lines.append(f"cost table {cost_table} has no cost for {', '.join(free)}")
    if any(layer.fig16_pct for layer in report.layers):
        lines.append(f"published: {read_power_shares()[0].source}")
    if status == "provisional":
        lines.append(f"note: cost table {cost_table} is provisional, not yet calibrated")
    if not result.complete:
        lines.append(f"interrupted: the figures above are of the {len(report.layers)} layers that were finished")
    return lines
