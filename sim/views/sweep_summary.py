"""What people see of a sweep while it runs and at its end: how far it is, and the best points."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Any

from sim.chips.goals import Objective
from sim.runs.parameters import COSTS
from sim.studies.sweeps.evaluation.rows import DONE, IMPOSSIBLE, edp_column, energy_column
from sim.studies.sweeps.spec.points import Study
from sim.studies.sweeps.store.store import Store
from sim.studies.sweeps.store.stored import StoredSweep
from sim.views.scale import Scale, scale_for


def summary_lines(store: Store, best: BestPoints, points: int, name: str) -> list[str]:
    """State what there is in a store of `points` points, and what was best of each kind."""
    done, impossible = store.count(DONE), store.count(IMPOSSIBLE)
    lines = [f"{done + impossible} of {points} points are in {name}, {impossible} of them impossible"]
    found = sorted(best.lines.items(), key=lambda one: one[1][1])  # in the points' order, whichever came first
    lines += [f"best of {kind[0]}, batch {kind[1]}, {kind[2]}: {line[2]}" for kind, line in found]
    for one in StoredSweep(name).differences():
        lines.append(
            f"analytic against cycle, {one.figure}: layers {one.layers_mean:.2f} % on average, "
            f"{one.layers_worst:.2f} % at most; networks {one.networks_mean:.2f} and {one.networks_worst:.2f} %"
        )
    return lines


@dataclass(slots=True)
class BestPoints:
    """The best point for each network, batch, cost table and cost: others are not to be compared."""

    study: Study
    lines: dict[tuple[object, ...], tuple[float, int, str]] = field(default_factory=dict)
    _costs: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._costs = [axis.column for axis in self.study.grid.axes if axis.path.startswith(COSTS)]

    def look_at(self, total: Dict[str, Any]) -> str:
        """Take note of a point's total; give the line of the best of its kind, or nothing."""
        kind = (total["workload"], total["batch"], total["cost_table"], *(total[column] for column in self._costs))
        if total["status"] == DONE:
            unit = self.study.tables[str(total["cost_table"])].unit
            value = _measure(self.study.objective)(total, unit)
            new = (value, int(total["point"]), self._line(total, value, unit))
            self.lines[kind] = min(self.lines.get(kind, new), new)  # by number where equal, in any order of arrival
        return self.lines[kind][2] if kind in self.lines else ""

    def _line(self, total: Dict[str, Any], value: float, unit: str) -> str:
        objective, point = self.study.objective, self.study.point(int(total["point"]))
        scale = (
            scale_for(unit, value, below=1000) if objective is Objective.ENERGY else Scale(1.0, _unit(objective, unit))
        )
        one = {axis.path for axis in self.study.grid.axes if len(axis.values) == 1}
        choices = " ".join(f"{path}={written}" for path, written in point.written.items() if path not in one)
        return (
            f"{objective} {value / scale.factor:.4g} {scale.name} at point {point.number}{choices and f': {choices}'}"
        )


def _unit(objective: Objective, unit: str) -> str:
    """Name the unit of what is made least, with the cost table's for energy."""
    return {Objective.DELAY: "s", Objective.EDP: f"{unit} s", Objective.DRAM: "bits"}[objective]


def _measure(objective: Objective) -> Callable[[Dict[str, Any], str], float]:
    """Return what the objective makes least, from a total's row and its energy unit."""
    return {
        Objective.ENERGY: lambda row, unit: float(row[energy_column(unit, "system")]),
        Objective.DELAY: lambda row, unit: float(row["latency_s"]),
        Objective.EDP: lambda row, unit: float(row[edp_column(unit)]),
        Objective.DRAM: lambda row, unit: float(row["dram_bits"]),
    }[objective]
