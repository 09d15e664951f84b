"""Tidy rows: one for each layer of a point and one for its total; units stand in the columns' names."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from sim.counts import Level
from sim.results import Energy, LayerResult, add_energies
from sim.sweep.points import Point, Study

TOTAL = "total"
KINDS = ("compute", "ifmap", "filter", "ofmap", "static", "chip", "system")
_FIGURES = (
    "macs",
    "macs_performed",
    "processing_cycles",
    "cycles",
    "latency_s",
    "dram_words",
    "dram_bits",
    "glb_words",
    "active_pes",
    "mapping",
)


def columns_of(study: Study) -> tuple[str, ...]:
    """Name all columns of a study's rows; energies are in the units of its cost tables."""
    heads = ("point", "status", "reason", "workload", "batch", "cost_table", *study.axis_columns(), "layer", "type")
    energies = [energy_column(unit, kind) for unit in study.units() for kind in KINDS]
    products = [edp_column(unit) for unit in study.units()]
    return (*heads, *_FIGURES, *energies, *products, "area_mm2")


def energy_column(unit: str, kind: str) -> str:
    """Name the column of one kind of energy: energy_system_pj, or energy_system_mac."""
    return f"energy_{kind}_{unit.lower()}"


def edp_column(unit: str) -> str:
    """Name the column of system energy times latency."""
    return f"edp_{unit.lower()}_s"


def impossible_row(study: Study, point: Point, reason: str) -> Dict[str, Any]:
    """Make the only row of a point that can't be."""
    return _heads(study, point) | {"status": "impossible", "reason": reason, "layer": TOTAL}


def point_rows(study: Study, point: Point, layers: Sequence[LayerResult], area_mm2: float) -> list[Dict[str, Any]]:
    """Make a point's rows, layers in the network's order and the total last."""
    heads = _heads(study, point) | {"status": "done", "reason": "", "area_mm2": area_mm2}
    rows = [_layer_row(layer) for layer in layers]
    total = {name: sum(row[name] for row in rows) for name in _FIGURES if name not in ("active_pes", "mapping")}
    energy = add_energies([layer.energy for layer in layers])
    rows.append({"layer": TOTAL} | total | _energies(energy, total["latency_s"]))
    return [heads | row for row in rows]


def _heads(study: Study, point: Point) -> dict[str, Any]:
    return dict(point.values) | {
        "point": point.number,
        "workload": study.workload_name(point),
        "batch": study.batch_of(point),
        "cost_table": study.table_name(point),
    }


def _layer_row(layer: LayerResult) -> dict[str, Any]:
    ledger = layer.run.ledger
    return {
        "layer": layer.name,
        "type": layer.kind,
        "macs": ledger.macs,
        "macs_performed": ledger.macs_performed,
        "processing_cycles": layer.run.processing_cycles,
        "cycles": layer.run.total_cycles,
        "latency_s": layer.total_latency_s,
        "dram_words": int(ledger.words[Level.DRAM].sum()),
        "dram_bits": ledger.dram_bits,
        "glb_words": int(ledger.words[Level.GLB].sum()),
        "active_pes": layer.run.active_pes,
        "mapping": " ".join(f"{name}={value}" for name, value in layer.mapping.items()),
    } | _energies(layer.energy, layer.total_latency_s)


def _energies(energy: Energy, latency_s: float) -> dict[str, float]:
    found = {energy_column(energy.unit, kind): float(getattr(energy, kind)) for kind in KINDS}
    return found | {edp_column(energy.unit): energy.system * latency_s}
