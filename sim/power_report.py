"""The chip's mean power over the total latency, by the components of JSSC 2017, Fig. 16: table, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from sim.report import operating_point_text, plain
from sim.results import COMPONENTS, FIG16_COMPONENTS, Energy, NetworkResult, add_energies
from sim.silicon.published import read_power_shares

MEASURED_WORKLOAD = "alexnet_jssc2017"  # the run whose layers Fig. 16 shows
TOTAL = "total"
_WIDE = 100  # columns in which the numbers may stand two blanks apart
_CSV_HEADS = ("layer", "component", "power_mw", "share_pct", "fig16_pct")
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


@dataclass(frozen=True, slots=True)
class Power:
    """Hold a layer's or the network's mean power: the chip's and each component's, in watts.

    `fig16_pct` is what was published of this layer, in per cent of chip power; None where nothing was.
    """

    name: str
    latency_s: float
    chip_w: float
    watts: Dict[str, float]
    fig16_pct: Dict[str, float] | None = None

    @property
    def percent(self) -> dict[str, float]:
        """Give each component's share of chip power in per cent; 0 of nothing."""
        return {part: 100 * watts / self.chip_w if self.chip_w else 0.0 for part, watts in self.watts.items()}

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON file's form."""
        return {
            "name": self.name,
            "total_latency_s": self.latency_s,
            "power_w": self.chip_w,
            "power_by_component_w": dict(self.watts),
            "power_by_component_pct": self.percent,
            "fig16_pct": None if self.fig16_pct is None else dict(self.fig16_pct),
        }


@dataclass(frozen=True, slots=True)
class PowerReport:
    """Hold a run's power by layer, and of all its layers together."""

    result: NetworkResult
    layers: tuple[Power, ...]
    total: Power

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON file's form."""
        run = self.result.as_dict()
        heads = {key: part for key, part in run.items() if key not in ("layers", "total")}
        return {**heads, "layers": [layer.as_dict() for layer in self.layers], "total": self.total.as_dict()}


def power_report(result: NetworkResult) -> PowerReport:
    """Average a run's energies, in pJ, over its total latency; at least one layer."""
    published = {}
    if result.provenance["workload"] == MEASURED_WORKLOAD:
        published = {shares.layer: shares.percent for shares in read_power_shares()}
    layers = tuple(
        _power(layer.name, layer.energy, layer.total_latency_s, published.get(layer.name)) for layer in result.layers
    )
    energy = add_energies([layer.energy for layer in result.layers])
    return PowerReport(result, layers, _power(TOTAL, energy, sum(layer.total_latency_s for layer in result.layers)))


def _power(name: str, energy: Energy, latency_s: float, fig16_pct: Dict[str, float] | None = None) -> Power:
    watts = energy.power_by_component_w(latency_s) or {}
    return Power(name, latency_s, sum(watts.values()), watts, fig16_pct)


def power_csv(report: PowerReport) -> str:
    """Write a row for each layer and component, the network's last; the figure's column is empty where it is silent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_HEADS)
    for one in (*report.layers, report.total):
        shares, published = one.percent, one.fig16_pct or {}
        for part, watts in one.watts.items():
            writer.writerow((one.name, part, repr(watts * 1e3), repr(shares[part]), published.get(part, "")))
    return text.getvalue()


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
    """Give the figure's components, and of the others those that take any power."""
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
    """Say what the tables leave out, where the published rows come from, and what the costs are worth."""
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
