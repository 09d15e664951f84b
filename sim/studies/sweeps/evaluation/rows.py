"""Tidy rows: one for each layer of a point and one for its total; units stand in the columns' names.

A row is what is said of the point (`head_columns`) and what is said of the layer (`layer_columns`). Where both models
ran, the figures are the cycle-level engine's, and some have the analytic model's beside them.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from sim.ledger.figures import (
    DRAM,
    DRAM_WORDS,
    ENERGIES,
    GLB_WORDS,
    MACS,
    PERFORMED,
    PROCESSING_CYCLES,
    TOTAL_CYCLES,
)
from sim.ledger.figures import TOTAL as TOTAL_LATENCY
from sim.ledger.results import Energy, LayerResult
from sim.ledger.rows import mapping_pairs
from sim.studies.sweeps.spec.points import ModelChoice, Point, Study

DONE, IMPOSSIBLE = "done", "impossible"  # what becomes of a point
TOTAL = "total"
NETWORKS = f"layer = '{TOTAL}' AND type IS NULL"  # picks totals from the rows of a store; a layer may have that name
DIFFERENCE = "_difference_pct"  # how such columns end
KINDS = tuple(figure.key for figure in ENERGIES)
_COUNTED = {  # figures by the columns that have them; of times there is one, the total latency
    "macs": MACS,
    "macs_performed": PERFORMED,
    "processing_cycles": PROCESSING_CYCLES,
    "cycles": TOTAL_CYCLES,
    "latency_s": TOTAL_LATENCY,
    "dram_words": DRAM_WORDS,
    "dram_bits": DRAM,
    "glb_words": GLB_WORDS,
}
COUNTS = tuple(_COUNTED)
_OF_A_LAYER = ("active_pes", "mapping")  # no sums
_COMPARED = ("processing_cycles", "cycles", "dram_bits", "glb_words")
_COMPARED_KINDS = ("chip", "system")

Figures = tuple[Any, ...]


def columns_of(study: Study) -> tuple[str, ...]:
    """Name all columns of a study's rows; energies are in the units of its cost tables."""
    return (*head_columns(study), *layer_columns(study))


def head_columns(study: Study) -> tuple[str, ...]:
    """Name what is said of a point; all of its rows have the same there."""
    heads = ("point", "status", "reason", "arch", "workload", "batch", "cost_table")
    return (*heads, *study.axis_columns(), "area_mm2")


def layer_columns(study: Study) -> tuple[str, ...]:
    """Name what is said of a layer, or of the whole network."""
    return ("layer", "type", *_OF_A_LAYER, *figure_columns(study))


def figure_columns(study: Study) -> tuple[str, ...]:
    """Name the figures that add up; the last are differences in per cent, which don't."""
    units = study.units()
    energies = [energy_column(unit, kind) for unit in units for kind in KINDS]
    products = [edp_column(unit) for unit in units]
    if study.model is not ModelChoice.BOTH:
        return (*COUNTS, *energies, *products)
    compared = compared_columns(study)
    beside = [*map(analytic_column, compared), *map(difference_column, compared)]
    return (*COUNTS, *energies, *products, *beside)


def compared_columns(study: Study) -> tuple[str, ...]:
    """Name the figures in which two models are held against each other."""
    return (*_COMPARED, *(energy_column(unit, kind) for unit in study.units() for kind in _COMPARED_KINDS))


def energy_column(unit: str, kind: str) -> str:
    """Name the column of one kind of energy: energy_system_pj, or energy_system_mac."""
    return f"energy_{kind}_{unit.lower()}"


def edp_column(unit: str) -> str:
    """Name the column of system energy times latency."""
    return f"edp_{unit.lower()}_s"


def analytic_column(column: str) -> str:
    """Name the column of the analytic model's figure beside the engine's."""
    return f"{column}_analytic"


def difference_column(column: str) -> str:
    """Name the column of how far the analytic model is from the engine, in per cent of the engine's figure."""
    return column + DIFFERENCE


def head_of(study: Study, point: Point, *, status: str, reason: str = "", area_mm2: float | None = None) -> Figures:
    """Return what is said of a point, in the order of `head_columns`."""
    said: dict[str, Any] = dict(point.values) | {
        "point": point.number,
        "status": status,
        "reason": reason,
        "arch": study.machine_name(point),
        "workload": study.workload_name(point),
        "batch": study.batch_of(point),
        "cost_table": study.table_name(point),
        "area_mm2": area_mm2,
    }
    return tuple(said.get(column) for column in head_columns(study))


def layer_row(layer: LayerResult, study: Study, analytic: LayerResult | None = None) -> Figures:
    """Return what is said of a layer but its name, in order of `layer_columns`; `analytic` where both models ran."""
    figures = _figures(layer)
    if analytic is not None:
        figures |= _compared(figures, _figures(analytic), study)
    mapping = mapping_pairs(layer.mapping)
    return (layer.kind, layer.run.active_pes, mapping, *(figures.get(name) for name in figure_columns(study)))


def total_row(rows: Sequence[Figures], study: Study) -> Figures:
    """Add up the rows of a network's layers, their names left out; products and differences are made anew."""
    names = figure_columns(study)
    figures = {
        name: None if column[0] is None else sum(column)
        for name, column in zip(names, list(zip(*rows, strict=True))[len(_OF_A_LAYER) + 1 :], strict=True)
    }
    for unit in study.units():
        energy = figures[energy_column(unit, "system")]
        figures[edp_column(unit)] = None if energy is None else energy * figures["latency_s"]
    if study.model is ModelChoice.BOTH:
        compared = compared_columns(study)
        figures |= _compared(figures, {name: figures[analytic_column(name)] for name in compared}, study)
    return (None, *(None for _ in _OF_A_LAYER), *(figures[name] for name in names))


def _figures(layer: LayerResult) -> dict[str, Any]:
    counted = {column: figure.value(layer) for column, figure in _COUNTED.items()}
    return counted | _energies(layer.energy, layer.total_latency_s)


def _energies(energy: Energy, latency_s: float) -> dict[str, float]:
    found = {energy_column(energy.unit, kind): float(getattr(energy, kind)) for kind in KINDS}
    return found | {edp_column(energy.unit): energy.system * latency_s}


def _compared(engine: Dict[str, Any], analytic: Dict[str, Any], study: Study) -> dict[str, Any]:
    """Put the analytic model's figures beside the engine's, and the differences in per cent."""
    names = [name for name in compared_columns(study) if engine.get(name) is not None]
    beside = {analytic_column(name): analytic[name] for name in names}
    away = {difference_column(name): _percent(analytic[name], engine[name]) for name in names}
    return beside | away


def _percent(found: float, reference: float) -> float | None:
    return 100.0 * (found / reference - 1.0) if reference else None
