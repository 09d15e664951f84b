"""A chip's mean power over the total latency, by its parts, beside what was published of them: records, CSV, JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from sim.chips.contract import AnyChip
from sim.chips.published import PowerShares
from sim.ledger.results import Energy, NetworkResult, add_energies

TOTAL = "total"


_CSV_HEADS = ("layer", "component", "power_mw", "share_pct", "fig16_pct")


@dataclass(frozen=True, slots=True)
class Power:
    """A layer's or the network's mean power: the chip's and each component's, in watts.

    `fig16_pct` is what was published of this layer, in per cent of chip power; None where nothing was.
    """

    name: str
    latency_s: float
    chip_w: float
    watts: Dict[str, float]
    fig16_pct: Dict[str, float] | None = None

    @property
    def percent(self) -> dict[str, float]:
        """Each component's share of chip power in per cent; 0 of nothing."""
        return {part: 100 * watts / self.chip_w if self.chip_w else 0.0 for part, watts in self.watts.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON file's form."""
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
    """A run's power by layer, and of all its layers together."""

    result: NetworkResult
    chip: AnyChip
    published: tuple[PowerShares, ...]
    layers: tuple[Power, ...]
    total: Power

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON file's form."""
        run = self.result.as_dict()
        heads = {key: part for key, part in run.items() if key not in ("layers", "total")}
        return {**heads, "layers": [layer.as_dict() for layer in self.layers], "total": self.total.as_dict()}


def power_report(result: NetworkResult, chip: AnyChip) -> PowerReport:
    """Average a run's energies, in pJ, over its total latency; at least one layer."""
    known = chip.published.power_shares.get(str(result.provenance["workload"]), ()) if chip.published else ()
    published = {shares.layer: shares.percent for shares in known}
    layers = tuple(
        _power(layer.name, layer.energy, layer.total_latency_s, published.get(layer.name)) for layer in result.layers
    )
    energy = add_energies([layer.energy for layer in result.layers])
    total = _power(TOTAL, energy, sum(layer.total_latency_s for layer in result.layers))
    return PowerReport(result, chip, tuple(known), layers, total)


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
