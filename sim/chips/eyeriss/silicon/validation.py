"""The cycle model's results held against the measured chip: deviations, their bounds, and the bounds that are broken.

Published cells: JSSC 52(1) 2017, Tables V and VI; DRAM compression: ISSCC 2016 14.5. A deviation is ours against the
published value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.chips.eyeriss.silicon.measures import compression_ratio, layer_figures, total_figures
from sim.chips.eyeriss.silicon.published import (
    TOTAL,
    Bound,
    MeasuredNetwork,
    published_figures,
    read_bounds,
    read_compression,
)
from sim.ledger.results import LayerResult

SCHEMA = 1
COMPRESSION = "dram_compression"
NAMES = {
    "power": "power",
    "total_latency": "total latency",
    "processing_latency": "processing latency",
    "active_pes": "active PEs",
    "glb_accesses": "GLB accesses",
    "dram_accesses": "DRAM accesses",
    "chip_energy": "chip energy",
    "frame_rate": "frames/s",
    COMPRESSION: "DRAM compression",
}
COLUMNS = tuple(NAMES)[:7]  # of the tables; the others are totals and ratios


@dataclass(frozen=True, slots=True)
class Cell:
    """A published value beside ours; `bound` is None where nothing is asked of this cell alone."""

    layer: str
    quantity: str
    unit: str
    ours: float
    published: float
    bound: Bound | None
    source: str
    note: str

    @property
    def deviation_pct(self) -> float:
        """The deviation in per cent."""
        return 100 * (self.ours - self.published) / self.published

    @property
    def deviation(self) -> float:
        """The deviation in the unit of its bound: per cent, or the plain difference of ratios."""
        return self.ours - self.published if self.quantity == COMPRESSION else self.deviation_pct

    @property
    def inside(self) -> bool | None:
        """Whether the deviation is inside its bound; None where it has none."""
        return None if self.bound is None else self.bound.holds(self.deviation)

    def as_dict(self) -> dict[str, Any]:
        """Return the file's form."""
        return {
            "layer": self.layer,
            "quantity": self.quantity,
            "unit": self.unit,
            "ours": self.ours,
            "published": self.published,
            "deviation_pct": self.deviation_pct,
            "bound": self.bound.limit if self.bound else None,
            "bound_unit": self.bound.unit if self.bound else None,
            "inside": self.inside,
            "source": self.source,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Column:
    """The mean and the worst magnitude of a column's deviations over the layers, with their bounds."""

    quantity: str
    mean: float
    mean_bound: Bound | None
    worst: float
    worst_bound: Bound | None
    worst_layer: str

    @property
    def inside(self) -> bool | None:
        """Whether mean and worst are inside their bounds; None where there are none."""
        found = [bound.holds(value) for bound, value in self._checks if bound is not None]
        return all(found) if found else None

    @property
    def _checks(self) -> tuple[tuple[Bound | None, float], ...]:
        return (self.mean_bound, self.mean), (self.worst_bound, self.worst)

    def as_dict(self) -> dict[str, Any]:
        """Return the file's form."""
        return {
            "quantity": self.quantity,
            "mean_abs_deviation_pct": self.mean,
            "mean_bound_pct": self.mean_bound.limit if self.mean_bound else None,
            "worst_abs_deviation_pct": self.worst,
            "worst_bound_pct": self.worst_bound.limit if self.worst_bound else None,
            "worst_layer": self.worst_layer,
            "inside": self.inside,
        }


@dataclass(frozen=True, slots=True)
class Broken:
    """A bound that is broken, as quantity/network/layer, /mean or /total, and by what."""

    name: str
    deviation: float
    bound: Bound

    def as_dict(self) -> dict[str, Any]:
        """Return the file's form."""
        return {
            "id": self.name,
            "deviation": self.deviation,
            "bound": self.bound.limit,
            "unit": self.bound.unit,
            "reason_of_the_bound": self.bound.reason,
        }


@dataclass(frozen=True, slots=True)
class NetworkValidation:
    """A network's cells layer by layer, its columns, its totals and its DRAM compression ratios."""

    network: MeasuredNetwork
    cells: tuple[Cell, ...]
    columns: tuple[Column, ...]
    totals: tuple[Cell, ...]
    ratios: tuple[Cell, ...]

    @property
    def every_cell(self) -> tuple[Cell, ...]:
        """Cells, totals and ratios."""
        return self.cells + self.totals + self.ratios

    @property
    def bounds(self) -> int:
        """The number of bounds that are checked."""
        bounded = sum(cell.bound is not None for cell in self.every_cell)
        return bounded + sum(column.mean_bound is not None for column in self.columns)

    @property
    def broken(self) -> list[Broken]:
        """The broken bounds, column by column: its cells, its mean, its total."""
        return sorted(self._broken(), key=lambda one: list(NAMES).index(one.bound.quantity))

    def _broken(self) -> Iterator[Broken]:
        key = self.network.key
        for cell in self.cells + self.ratios:
            if cell.bound is not None and not cell.inside:
                yield Broken(f"{cell.quantity}/{key}/{cell.layer}", cell.deviation, cell.bound)
        for column in self.columns:
            if column.mean_bound is not None and not column.mean_bound.holds(column.mean):
                yield Broken(f"{column.quantity}/{key}/mean", column.mean, column.mean_bound)
        for cell in self.totals:
            if cell.bound is not None and not cell.inside:
                yield Broken(f"{cell.quantity}/{key}/{TOTAL}", cell.deviation, cell.bound)

    def as_dict(self) -> dict[str, Any]:
        """Return the file's form."""
        return {
            "name": self.network.key,
            "workload": self.network.workload,
            "batch": self.network.batch,
            "cells": [cell.as_dict() for cell in self.cells],
            "columns": [column.as_dict() for column in self.columns],
            "totals": [cell.as_dict() for cell in self.totals],
            "compression_ratios": [cell.as_dict() for cell in self.ratios],
        }


@dataclass(frozen=True, slots=True)
class Validation:
    """The validation of all measured networks."""

    networks: tuple[NetworkValidation, ...]

    @property
    def broken(self) -> list[Broken]:
        """The broken bounds."""
        return [broken for network in self.networks for broken in network.broken]

    @property
    def bounds(self) -> int:
        """The number of bounds that are checked."""
        return sum(network.bounds for network in self.networks)

    def as_dict(self) -> dict[str, Any]:
        """Return the file's form."""
        return {
            "schema": SCHEMA,
            "bounds_checked": self.bounds,
            "broken": [broken.as_dict() for broken in self.broken],
            "networks": [network.as_dict() for network in self.networks],
        }

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one record a cell, totals and compression ratios among them."""
        return [
            {"network": network.network.key} | cell.as_dict()
            for network in self.networks
            for cell in network.every_cell
        ]


def validate(network: MeasuredNetwork, layers: Sequence[LayerResult]) -> NetworkValidation:
    """Compare the results of a measured network's layers with what was published; their energies must be in pJ."""
    bounds = {(bound.quantity, bound.scope): bound for bound in read_bounds() if bound.workload == network.workload}
    ours = {layer.name: layer_figures(layer) for layer in layers}
    ours[TOTAL] = total_figures(list(ours.values()), batch=network.batch)
    figures = published_figures(network)
    cells = [
        Cell(
            layer=figure.layer,
            quantity=figure.quantity,
            unit=figure.unit,
            ours=ours[figure.layer][figure.quantity, figure.unit],
            published=figure.value,
            bound=bounds.get((figure.quantity, "total" if figure.layer == TOTAL else "worst")),
            source=figure.source,
            note=figure.note,
        )
        for figure in figures
    ]
    of_layers = tuple(cell for cell in cells if cell.layer != TOTAL)
    return NetworkValidation(
        network=network,
        cells=of_layers,
        columns=tuple(_column(name, of_layers, bounds.get((name, "mean"))) for name in COLUMNS),
        totals=tuple(cell for cell in cells if cell.layer == TOTAL),
        ratios=_ratios(network, layers, bounds.get((COMPRESSION, "worst"))),
    )


def _column(quantity: str, cells: Sequence[Cell], mean_bound: Bound | None) -> Column:
    column = [cell for cell in cells if cell.quantity == quantity]
    worst = max(column, key=lambda cell: abs(cell.deviation))
    return Column(
        quantity=quantity,
        mean=sum(abs(cell.deviation) for cell in column) / len(column),
        mean_bound=mean_bound,
        worst=abs(worst.deviation),
        worst_bound=worst.bound,
        worst_layer=worst.layer,
    )


def _ratios(network: MeasuredNetwork, layers: Sequence[LayerResult], bound: Bound | None) -> tuple[Cell, ...]:
    ours = {layer.name: compression_ratio(layer) for layer in layers}
    return tuple(
        Cell(
            layer=one.layer,
            quantity=COMPRESSION,
            unit="1",
            ours=ours[one.layer],
            published=one.ratio,
            bound=bound,
            source=one.source,
            note="",
        )
        for one in read_compression()
        if one.workload == network.workload
    )
