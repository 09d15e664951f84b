"""A small sweep of 12 points, 2 of them impossible, whose figures are made up, and `sim sweep plot` on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.cli.main import main
from sim.studies.sweeps.spec.points import Point
from sim.studies.sweeps.store.stored import StoredSweep
from sim.views.charts.sweeps.points import SweepPoints, read_points
from support.stored_sweeps import Figures, figures, made_up_store

GRID = {
    "schema": 1,
    "name": "array & <buffer> ]]>",
    "workload": "alexnet",
    "axes": {"glb.fmap_banks": [6, 12, 25], "core.clock": ["100 MHz", "200 MHz"], "rlc.enabled": [True, False]},
}
Found = Figures | str | None


def found_at(point: Point) -> Found:
    """Make a point's figures up: more banks cost area and save energy, a faster clock saves time."""
    banks, clock = point.values["glb.fmap_banks"], point.values["core.clock_hz"]
    if (banks, clock) == (6, 100_000_000):
        return "machine: the buffer is too small"
    energy = 1e10 * (1 + 6 / banks) * (1.0 if point.values["rlc.enabled"] else 1.5) * (clock / 1e8) ** 0.25
    return figures(energy=energy, delay=1e7 / clock, area=10 + banks / 5)


def store(folder: Path, spec: dict[str, Any] = GRID, found: Callable[[Point], Found] = found_at) -> Path:
    """Make a store."""
    return made_up_store(folder / "sweep.sqlite", spec, found)


def points(folder: Path, spec: dict[str, Any] = GRID, found: Callable[[Point], Found] = found_at) -> SweepPoints:
    """Make a store and read its points."""
    return read_points(StoredSweep(str(store(folder, spec, found))))


def plot(*words: object) -> int:
    """Run the command."""
    return main(["sweep", "plot", *map(str, words), "--quiet"])
