"""The chip's mean power over the total latency, by the components of JSSC 2017, Fig. 16: table, CSV and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table

from sim.ledger.energy import EnergyPart
from sim.studies.power import PowerReport
from sim.views.console import make_table, operating_point_text, plain

_WIDE = 100  # columns in which the numbers may stand two blanks apart


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


def _columns(report: PowerReport) -> list[EnergyPart]:
    """Return the parts whose shares were published, and of the others those that take any power."""
    return [part for part in report.chip.parts if part.published or report.total.watts[part.name]]


def _table(first: str, heads: Sequence[str], *, tight: bool) -> Table:
    table = make_table(collapse_padding=tight)
    table.add_column(first, overflow="fold", min_width=9)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _milliwatts(report: PowerReport, *, tight: bool) -> Table:
    parts = _columns(report)
    table = _table("\nmW", ["total\nms", *(part.head for part in parts), "chip"], tight=tight)
    for one in (*report.layers, report.total):
        if one is report.total:
            table.add_section()
        cells = [one.watts[part.name] for part in parts] + [one.chip_w]
        table.add_row(
            plain(one.name),
            f"{one.latency_s * 1e3:.2f}",
            *(f"{watts * 1e3:.1f}" for watts in cells),
            style="bold" if one is report.total else None,
        )
    return table


def _shares(report: PowerReport, *, tight: bool) -> Table:
    parts = _columns(report)
    table = _table("\n% of chip", [part.head for part in parts], tight=tight)
    for one in (*report.layers, report.total):
        shares = one.percent
        style = "bold" if one is report.total else None
        table.add_row(plain(one.name), *(f"{shares[part.name]:.1f}" for part in parts), style=style)
        if one.fig16_pct is not None:
            published = [f"{one.fig16_pct[part.name]:.1f}" if part.name in one.fig16_pct else "" for part in parts]
            table.add_row(f"  {_figure(report)}", *published, style="dim")
    return table


def _notes(report: PowerReport, status: str) -> list[str]:
    """State what the tables leave out, where the published rows come from, and what the costs are worth."""
    result, total = report.result, report.total
    lines = [f"batch {result.batch}: mean over the total latency of {total.latency_s * 1e3:.2f} ms, without DRAM"]
    cost_table = plain(result.provenance["cost_table"])
    free = [part.name for part in report.chip.parts if part.published and not total.watts[part.name]]
    if free:
        lines.append(f"cost table {cost_table} has no cost for {', '.join(free)}")
    if any(layer.fig16_pct for layer in report.layers):
        lines.append(f"published: {report.published[0].source}")
    if status == "provisional":
        lines.append(f"note: cost table {cost_table} is provisional, not yet calibrated")
    if not result.complete:
        lines.append(f"interrupted: the figures above are of the {len(report.layers)} layers that were finished")
    return lines


def _figure(report: PowerReport) -> str:
    """Name the published figure."""
    return report.chip.published.power_figure if report.chip.published else ""
