"""A model's results held against what was measured: deviations, their bounds, and the bounds that are broken.

A deviation is ours against the published value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.chips.published import TOTAL, Bound, Figures, MeasuredNetwork, Published, PublishedFigure
from sim.ledger.results import LayerResult

SCHEMA = 1
_RATIO = "1"  # the unit of figures that are held to a plain difference


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
        return self.ours - self.published if self.unit == _RATIO else self.deviation_pct

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
    published: Published
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
        return sorted(self._broken(), key=lambda one: list(self.published.names).index(one.bound.quantity))

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

    def as_csv(self) -> str:
        """Write one row a cell, with its unit; what has no bound has empty fields."""
        rows = self.as_rows()
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _field(value) for key, value in row.items()} for row in rows)
        return text.getvalue()


def _field(value: Any) -> Any:
    """Write truth in the words that spreadsheets and data frames read."""
    return str(value).lower() if isinstance(value, bool) else value


def validate_network(
    published: Published, network: MeasuredNetwork, layers: Sequence[LayerResult]
) -> NetworkValidation:
    """Compare the results of a measured network's layers with what was published; energies in `published.unit`."""
    bounds = {(one.quantity, one.scope): one for one in published.bounds() if one.workload == network.workload}
    ours: dict[str, Figures] = {layer.name: published.layer_figures(layer) for layer in layers}
    ours[TOTAL] = published.total_figures(list(ours.values()), network.batch)

    def cell(figure: PublishedFigure) -> Cell:
        scope = "total" if figure.layer == TOTAL else "worst"
        return Cell(
            layer=figure.layer,
            quantity=figure.quantity,
            unit=figure.unit,
            ours=ours[figure.layer][figure.quantity, figure.unit],
            published=figure.value,
            bound=bounds.get((figure.quantity, scope)),
            source=figure.source,
            note=figure.note,
        )

    cells = [cell(figure) for figure in published.figures(network)]
    of_layers = tuple(one for one in cells if one.layer != TOTAL)
    return NetworkValidation(
        network=network,
        published=published,
        cells=of_layers,
        columns=tuple(_column(name, of_layers, bounds.get((name, "mean"))) for name in published.columns),
        totals=tuple(one for one in cells if one.layer == TOTAL),
        ratios=tuple(cell(figure) for figure in published.ratios(network)),
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
