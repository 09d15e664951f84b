"""The points of a sweep: a grid counted like an odometer, so that a point's number alone says what it is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping as Dict
from dataclasses import asdict, dataclass, replace
from typing import Any

from sim.arch import Machine
from sim.energy import CostTable
from sim.layer import GivenTensors
from sim.mapping.search import Goal, Objective
from sim.mapping.space import Bounds
from sim.schema import validate_data
from sim.sweep.axes import Axis
from sim.workload import Workload

_MAPPING = "mapping."
_OWN = ("workload", "cost_table", "batch")


@dataclass(frozen=True, slots=True)
class Point:
    """Hold one point: its number, the values of all axes as written by path, and in base units by column."""

    number: int
    written: Dict[str, Any]
    values: Dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """Hold all that a sweep's results depend on, read and checked; `len` counts its points.

    `machine_data` is the machine's file as written. Axes of a group move together; the last group moves fastest.
    """

    machine_data: Dict[str, Any]
    workloads: Dict[str, Workload]
    tables: Dict[str, CostTable]
    workload: str
    table: str
    batch: int | None
    objective: Objective
    groups: tuple[tuple[Axis, ...], ...]

    def __len__(self) -> int:
        return math.prod(len(group[0].values) for group in self.groups)

    def point(self, number: int) -> Point:
        """Give a point by its number, from 0 up."""
        rest, chosen = number, []
        for group in reversed(self.groups):
            rest, index = divmod(rest, len(group[0].values))
            chosen += [(axis, index) for axis in reversed(group)]
        chosen.reverse()
        return Point(
            number,
            {axis.path: axis.written[index] for axis, index in chosen},
            {axis.column: _plain(axis.values[index]) for axis, index in chosen},
        )

    def axis_columns(self) -> tuple[str, ...]:
        """Name the columns of all axes that have no column in every sweep."""
        return tuple(axis.column for group in self.groups for axis in group if axis.path not in _OWN)

    def units(self) -> tuple[str, ...]:
        """Name the energy units of the study's cost tables."""
        return tuple(sorted({table.unit for table in self.tables.values()}))

    def numbers_of(self, path: str) -> list[int]:
        """List the whole numbers that an axis takes; nothing where there is no such axis."""
        axes = [axis for group in self.groups for axis in group if axis.path == path]
        return [value for axis in axes for value in axis.values if isinstance(value, int)]

    def workload_name(self, point: Point) -> str:
        """Give the name by which the point's network was asked for."""
        return str(point.written.get("workload", self.workload))

    def table_name(self, point: Point) -> str:
        """Give the name by which the point's cost table was asked for."""
        return str(point.written.get("cost_table", self.table))

    def batch_of(self, point: Point) -> int:
        """Give the point's batch: its own, the sweep's, or the workload's."""
        found = point.written.get("batch", self.batch)
        return self.workloads[self.workload_name(point)].batch if found is None else int(found)

    def machine_of(self, point: Point) -> Machine:
        """Give the point's machine; raise InputError where its parameters don't go together."""
        data = dict(self.machine_data)
        for path, value in point.written.items():
            if path not in _OWN and not path.startswith(_MAPPING):
                _put(data, path.split("."), value)
        return validate_data(data, Machine, "machine")

    def goal_of(self, point: Point, goal: Goal) -> Goal:
        """Add the point's limits on the mapping to a goal."""
        limits = [
            (path.removeprefix(_MAPPING), value) for path, value in point.written.items() if path.startswith(_MAPPING)
        ]
        return replace(
            goal,
            objective=self.objective,
            constraints=tuple((name, Bounds(int(value), int(value))) for name, value in limits),
        )

    def digest(self) -> str:
        """Give a digest of all that the results depend on but the code; file names and places are no part of it."""
        content = {
            "machine": self.machine_data,
            "workloads": {name: _workload_data(one) for name, one in self.workloads.items()},
            "tables": {name: table.model_dump() for name, table in self.tables.items()},
            "choices": [self.workload, self.table, self.batch, str(self.objective)],
            "axes": [[(axis.path, axis.written) for axis in group] for group in self.groups],
        }
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """Give what a table's cell can hold: lists and enumerations as text."""
    return value if type(value) in (bool, int, float) else str(value)


def _put(data: dict[str, Any], steps: list[str], value: object) -> None:
    """Put a value at a path; mappings on the way are copied, those of the file stay as they are."""
    for step in steps[:-1]:
        data[step] = dict(data.get(step, {}))
        data = data[step]
    data[steps[-1]] = value


def _workload_data(workload: Workload) -> dict[str, Any]:
    """Give a network's data; of tensor files the zero fractions count, which the layers have."""
    layers = [asdict(replace(layer, given=GivenTensors())) for layer in workload.layers]
    return {"name": workload.name, "batch": workload.batch, "layers": layers}
