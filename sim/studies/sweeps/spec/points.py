"""What a sweep is, read and checked: its points, and the machine, the costs and the layers of each."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from sim.chips.contract import AnyChip
from sim.chips.goals import Bounds, Goal, Objective
from sim.chips.parts.description import MachineDocument
from sim.chips.registry import chip_for
from sim.errors import InputError
from sim.ledger.energy import CostTable
from sim.networks.layer import GivenTensors, Layer, with_data
from sim.networks.workload import Workload
from sim.runs.parameters import BATCH, MACHINE, NETWORK, TABLE, Edits, has_parameter, is_machine_path
from sim.studies.sweeps.lru_cache import LruCache
from sim.studies.sweeps.spec.equal_area import EqualArea
from sim.studies.sweeps.spec.grid import Grid, Point, cell_value
from sim.studies.sweeps.spec.variants import Variants

__all__ = ["ModelChoice", "Point", "Study"]

_IN_EVERY_SWEEP = (MACHINE, NETWORK, TABLE, BATCH)
_MOST_KEPT = 512


class ModelChoice(StrEnum):
    """The models that evaluate a point."""

    ANALYTIC = "analytic"
    CYCLE = "cycle"
    BOTH = "both"


# The chips' models that a choice takes, that whose figures count first.
MODELS: Dict[ModelChoice, tuple[str, ...]] = {
    ModelChoice.ANALYTIC: ("analytic",),
    ModelChoice.CYCLE: ("cycle",),
    ModelChoice.BOTH: ("cycle", "analytic"),
}


@dataclass(frozen=True, slots=True)
class Study:
    """All that a sweep's results depend on, read and checked; `len` counts the points of its whole grid.

    `table` is empty where each machine has its own.
    `kept` has a bit for each point of the grid, set where the conditions of `where` hold; None where there are none.
    """

    machines: Variants[MachineDocument]
    costs: Variants[CostTable]
    workloads: Dict[str, Workload]
    name: str
    arch: str
    workload: str
    table: str
    batch: int | None
    model: ModelChoice
    seed: int
    objective: Objective
    grid: Grid
    where: tuple[str, ...] = ()
    equal_area: EqualArea | None = None
    kept: bytes | None = None
    _layers: LruCache[tuple[Layer, ...]] = field(
        default_factory=lambda: LruCache(_MOST_KEPT), repr=False, compare=False
    )
    _lacking: LruCache[frozenset[str]] = field(default_factory=lambda: LruCache(_MOST_KEPT), repr=False, compare=False)
    _adjusted: LruCache[int | str] = field(default_factory=lambda: LruCache(_MOST_KEPT), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def tables(self) -> Dict[str, CostTable]:
        """The cost tables by the name that they were asked for, as their files have them."""
        return self.costs.bases

    def numbers(self) -> Sequence[int]:
        """Return the numbers of the points that belong to the sweep, in order."""
        if self.kept is None:
            return range(len(self))
        bits = np.unpackbits(np.frombuffer(self.kept, dtype=np.uint8), count=len(self))
        return array("q", np.flatnonzero(bits).astype(np.int64).tobytes())

    def count(self) -> int:
        """Count the points that belong to the sweep."""
        return len(self) if self.kept is None else int.from_bytes(self.kept, "big").bit_count()

    def point(self, number: int) -> Point:
        """Return a point by its number, from 0 up, with the value that keeps the area equal where that is asked for."""
        chosen = self.applicable(self.grid.point(number))
        return chosen if self.equal_area is None else self._with_equal_area(chosen, self.equal_area)

    def axis_columns(self) -> tuple[str, ...]:
        """Name the columns of all that varies and has no column in every sweep."""
        columns = [axis.column for axis in self.grid.axes if axis.path not in _IN_EVERY_SWEEP]
        adjusted = [] if self.equal_area is None or self.equal_area.adjust in columns else [self.equal_area.adjust]
        return (*columns, *adjusted)

    def units(self) -> tuple[str, ...]:
        """Name the energy units of the study's cost tables."""
        return tuple(sorted({table.unit for table in self.tables.values()}))

    def machine_name(self, point: Point) -> str:
        """Return the name by which the point's machine was asked for."""
        return str(point.written.get(MACHINE, self.arch))

    def workload_name(self, point: Point) -> str:
        """Return the name by which the point's network was asked for."""
        return str(point.written.get(NETWORK, self.workload))

    def table_name(self, point: Point) -> str:
        """Return the name by which the point's cost table was asked for: its own, the sweep's, or the machine's."""
        asked = point.written.get(TABLE, self.table)
        return str(asked or self.machines.bases[self.machine_name(point)].cost_table)

    def batch_of(self, point: Point) -> int:
        """Return the point's batch: its own, the sweep's, or the workload's."""
        found = point.written.get(BATCH, self.batch)
        return self.workloads[self.workload_name(point)].batch if found is None else int(found)

    def machine_of(self, point: Point) -> MachineDocument:
        """Return the point's machine; raise InputError where its parameters don't go together, or its area is too
        large.

        Equal choices give the very same object, as long as they are among the last few hundred; so do those of
        `table_of` and `layers_of`.
        """
        if point.impossible:
            raise InputError(point.impossible)
        name = self.machine_name(point)
        chip, changes = self.chip_of(point), Edits(point.written).machine
        return self.machines.of(name, chip.resolve(changes, lambda others: self.machines.of(name, others)))

    def chip_of(self, point: Point) -> AnyChip:
        """Return the chip of the point's machine."""
        return chip_for(self.machines.bases[self.machine_name(point)])

    def chips(self) -> tuple[AnyChip, ...]:
        """Return the chips of all machines, each kind once."""
        found = {machine.chip: machine for machine in self.machines.bases.values()}
        return tuple(chip_for(machine) for machine in found.values())

    def ignored(self, chip: AnyChip) -> frozenset[str]:
        """Name the parameters of a chip's machines that change no figure of a mapped layer in any of the models."""
        return frozenset.intersection(*(chip.ignored_by(name) for name in MODELS[self.model]))

    def lacking(self, machine: str) -> frozenset[str]:
        """Name the axes that lead to parameters which a machine's chip doesn't have."""
        chip = chip_for(self.machines.bases[machine])
        paths = (axis.path for axis in self.grid.axes if is_machine_path(axis.path) or axis.path.startswith("mapping."))
        return frozenset(path for path in paths if not has_parameter(chip, path))

    def applicable(self, chosen: Point) -> Point:
        """Leave out what the point's machine has no parameter for; its column is empty."""
        if len(self.machines.bases) == 1:
            return chosen
        name = self.machine_name(chosen)
        lacking = self._lacking.get(name, lambda: self.lacking(name))
        if not lacking:
            return chosen
        columns = {axis.column for axis in self.grid.axes if axis.path in lacking}
        return replace(
            chosen,
            written={path: value for path, value in chosen.written.items() if path not in lacking},
            values={column: None if column in columns else value for column, value in chosen.values.items()},
        )

    def table_of(self, point: Point) -> CostTable:
        """Return the point's cost table; raise InputError where its values don't go together."""
        return self.costs.of(self.table_name(point), Edits(point.written).costs)

    def layers_of(self, point: Point) -> tuple[Layer, ...]:
        """Return the layers of the point's network, with the point's bitwidths and zero fractions."""
        name = self.workload_name(point)
        layers = self.workloads[name].layers
        edits = Edits(point.written)
        bits, zeros = edits.bits, edits.zeros
        if not bits and not zeros:
            return layers
        key = (name, tuple(bits.items()), tuple(zeros.items()))
        return self._layers.get(key, lambda: tuple(with_data(layer, bits, zeros) for layer in layers))

    def goal_of(self, point: Point, goal: Goal) -> Goal:
        """Add the point's limits on the mapping to a goal."""
        limits = Edits(point.written).limits
        constraints = tuple((name, Bounds(value, value)) for name, value in limits.items())
        return replace(goal, objective=self.objective, constraints=constraints)

    def description(self) -> dict[str, Any]:
        """State what the study is, in what JSON holds, for those who have only its results; values in base units."""
        axes = [
            {
                "path": axis.path,
                "column": axis.column,
                "values": [cell_value(value) for value in axis.distinct],
                "written": [str(value) for value in axis.distinct.values()],
                "group": number,
            }
            for number, group in enumerate(self.grid.groups)
            for axis in group
        ]
        return {
            "title": self.name,
            "arch": list(self.machines.bases),
            "workloads": list(self.workloads),
            "model": str(self.model),
            "seed": self.seed,
            "objective": str(self.objective),
            "units": list(self.units()),
            "axes": axes,
            "where": list(self.where),
            "equal_area": None if self.equal_area is None else asdict(self.equal_area),
            "points": self.count(),
        }

    def tensor_files(self) -> list[Path]:
        """List the files whose values the figures depend on: none for the analytic model, which takes their zeros."""
        if self.model is ModelChoice.ANALYTIC:
            return []
        given = [layer.given for workload in self.workloads.values() for layer in workload.layers]
        return [path for tensors in given for path in (tensors.ifmap, tensors.filters) if path is not None]

    def digest(self) -> str:
        """Return a digest of all that the results depend on but the code; the study's name is no part of it."""
        content = {
            "machines": self.machines.data,
            "chips": {name: machine.chip for name, machine in self.machines.bases.items()},
            "workloads": {name: _workload_data(one) for name, one in self.workloads.items()},
            "tables": self.costs.data,
            "choices": [self.arch, self.workload, self.table, self.batch, str(self.objective)],
            "model": [str(self.model), self.seed],
            "axes": [[(axis.path, axis.written) for axis in group] for group in self.grid.groups],
            "where": self.where,
            "equal_area": None if self.equal_area is None else asdict(self.equal_area),
            "tensors": [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.tensor_files()],
        }
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _with_equal_area(self, chosen: Point, constraint: EqualArea) -> Point:
        """Put the value that keeps the area equal in place of the axis's own."""
        changes = Edits(chosen.written).machine
        key = (self.machine_name(chosen), repr(changes))

        def find() -> int | str:
            try:
                machine = self.machine_of(chosen)
                value = constraint.value_for(machine)
                constraint.check(self.machine_of(_with_value(chosen, constraint.adjust, value)), machine)
            except InputError as error:
                return str(error)
            return value

        found = self._adjusted.get(key, find)
        if isinstance(found, str):
            return replace(chosen, impossible=found)
        return _with_value(chosen, constraint.adjust, found)


def _with_value(point: Point, path: str, value: int) -> Point:
    return replace(point, written={**point.written, path: value}, values={**point.values, path: value})


def _workload_data(workload: Workload) -> dict[str, Any]:
    """Return a network's data; of tensor files the zero fractions, which the layers have."""
    layers = [asdict(replace(layer, given=GivenTensors())) for layer in workload.layers]
    return {"name": workload.name, "batch": workload.batch, "layers": layers}
