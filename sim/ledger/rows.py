"""Results as records for tables of data: a row a layer, a column a figure, whatever holds the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.ledger.figures import ENERGIES, Figure


def mapping_pairs(mapping: Mapping[str, Any]) -> str:
    """Write a mapping as one text: m=64 n=1, in its parameters' order."""
    return " ".join(f"{name}={value}" for name, value in mapping.items())


def row_of(
    name: str,
    kind: str,
    mapping: Mapping[str, Any],
    figures: Sequence[Figure],
    unit: str,
    value: Callable[[Figure], Any],
) -> dict[str, Any]:
    """Return a layer's record: figures in base units, then energies in `unit`, which their columns name."""
    heads = {"layer": name, "type": kind, "mapping": mapping_pairs(mapping)}
    counted = {figure.column: value(figure) for figure in figures}
    return heads | counted | {f"{one.column}_{unit.lower()}": value(one) for one in ENERGIES}
