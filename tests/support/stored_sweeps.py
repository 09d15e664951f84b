"""Stores that no sweep filled: rows made of a function, so that ten thousand points take a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from contextlib import closing
from pathlib import Path
from typing import Any

from sim.studies.sweeps.spec.points import Point, Study
from sim.studies.sweeps.spec.spec import read_study
from sim.studies.sweeps.store.store import Store

Figures = Dict[str, Any]
KINDS = {"compute": 0.1, "ifmap": 0.2, "filter": 0.3, "ofmap": 0.1, "static": 0.3}


def figures(
    *, energy: float, delay: float = 1.0, area: float = 10.0, dram_bits: float = 8e6, unit: str = "pj"
) -> Figures:
    """Return a network's figures by column."""
    kinds = {f"energy_{kind}_{unit}": share * energy for kind, share in KINDS.items()}
    products = {f"energy_system_{unit}": energy, f"energy_chip_{unit}": 0.6 * energy, f"edp_{unit}_s": energy * delay}
    return {**kinds, **products, "latency_s": delay, "area_mm2": area, "dram_bits": dram_bits}


def made_up_store(
    path: Path,
    spec: Dict[str, Any],
    figures_of: Callable[[Point], Figures | str | None],
    *,
    layers: Sequence[str] = ("one", "two"),
) -> Path:
    """Fill a store with points: figures, the reason why one can't be, or None where it is missing; layers are alike."""
    study = read_study(spec)
    with Store(str(path), study):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = {table: _columns(connection, table) for table in ("points", "layers")}
        for number in study.numbers():
            point = study.point(number)
            for table, columns in tables.items():
                rows = list(_rows(study, point, figures_of(point), layers))
                kept = rows if table == "layers" else rows[:1]
                marks = ", ".join("?" * len(columns))
                connection.executemany(
                    f"INSERT INTO {table} VALUES ({marks})", [[row.get(c) for c in columns] for row in kept]
                )
    return path


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]


def _rows(study: Study, point: Point, found: Figures | str | None, layers: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Return the rows of a point, its total last."""
    heads = {
        **point.values,
        "point": point.number,
        "arch": study.machine_name(point),
        "workload": study.workload_name(point),
        "batch": study.batch_of(point),
        "cost_table": study.table_name(point),
    }
    if isinstance(found, str):
        yield heads | {"status": "impossible", "reason": found, "place": 0, "layer": "total"}
    elif found is not None:
        heads |= {"status": "done", "reason": ""}
        shares = {name: value / len(layers) for name, value in found.items() if name != "area_mm2"}
        for place, layer in enumerate(layers):
            yield heads | shares | {"area_mm2": found["area_mm2"], "layer": layer, "type": "conv", "place": place}
        yield heads | dict(found) | {"layer": "total", "place": len(layers)}
