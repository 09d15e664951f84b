"""A stored sweep's points as charts take them: those that are done, those that can't be, and who may be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError, did_you_mean, listed, quoted
from sim.studies.sweeps.evaluation.rows import DONE
from sim.studies.sweeps.store.stored import Counts, Row, StoredAxis, StoredSweep
from sim.views.charts.sweeps.metrics import energies_of, measures_of, unit_of

MOST_PANELS = 9
NOT_DESIGN = ("workload", "cost_table")  # what is asked of a design, and in which coin
NETWORK = "workload"
_ALWAYS = ("workload", "batch", "cost_table")  # points that differ in one of them are not compared
_COSTS = "cost_table."  # axes over one cost of the table
_RUN_IT = "run the sweep first, or go on with it"


Kind = tuple[tuple[str, object], ...]  # pairs of a name and a value


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One point: each axis's value as an index into the axis's own, and `kind`: network, batch and costs by name.

    `measures` are those of `metrics`, `energies` per image by kind, in `unit`; all empty where the point can't be.
    `adjusted` names the parameter that keeps the area equal, and its value.
    """

    number: int
    kind: Kind
    indices: Dict[str, int]
    unit: str = ""
    measures: Dict[str, float] | None = None
    energies: Dict[str, float] | None = None
    adjusted: str = ""
    reason: str = ""

    def measure(self, metric: str) -> float:
        """Return a metric of a finished point, in base units."""
        return (self.measures or {})[metric]


@dataclass(frozen=True, slots=True)
class SweepPoints:
    """A sweep's points that charts show, `done` at least one, and what the store says of the sweep."""

    title: str
    objective: str
    axes: tuple[StoredAxis, ...]
    counts: Counts
    done: tuple[SweepPoint, ...]
    impossible: tuple[SweepPoint, ...]
    adjusted: str | None = None

    def design_axes(self) -> list[StoredAxis]:
        """Return the axes that a designer chooses along: more than one value, and no network or cost table."""
        return [axis for axis in self.axes if len(axis.values) > 1 and axis.path not in NOT_DESIGN]

    def choices(self, point: SweepPoint, *, without: Sequence[str] = ()) -> str:
        """Write a point's place on the axes: `glb.fmap_banks=25 core.clock=100 MHz`."""
        choices = [
            f"{axis.path}={axis.shown(axis.values[point.indices[axis.path]])}"
            for axis in self.axes
            if axis.path not in without and len(axis.values) > 1
        ]
        return " ".join([*choices, point.adjusted]).rstrip()

    def best(self, points: Iterable[SweepPoint]) -> SweepPoint:
        """Return the point at which the objective is least, the first of equals; at least one point."""
        return min(points, key=lambda point: (point.measure(self.objective), point.number))

    def panels(self, *, without: Sequence[str] = ()) -> dict[Kind, list[SweepPoint]]:
        """Sort the finished points by what makes them comparable, but for axes in `without`."""
        found: dict[Kind, list[SweepPoint]] = {}
        for point in self.done:
            found.setdefault(panel_of(point, without), []).append(point)
        return found

    def status(self) -> str:
        """State how many points there are, how many can't be, and whether some are missing."""
        counts = self.counts
        text = f"points: {counts.done} done, {counts.impossible} impossible"
        return f"{text}, {counts.missing} of {counts.planned} not evaluated yet" if counts.missing else text

    def axis(self, path: str, option: str) -> StoredAxis:
        """Find an axis by its path; raise InputError where there is none."""
        for axis in self.axes:
            if path in (axis.path, axis.column):
                return axis
        allowed = did_you_mean(path, [axis.path for axis in self.axes]) if self.axes else "this sweep has none"
        raise InputError.located(option, wrong=f"no axis {quoted(path)}", allowed=allowed)


def panel_of(point: SweepPoint, without: Sequence[str] = ()) -> Kind:
    """Return what makes a point comparable, but for axes in `without`."""
    return tuple(pair for pair in point.kind if pair[0] not in without)


def panel_title(panel: Kind) -> str:
    """Name a panel: `alexnet, batch 4, eyeriss-65nm`; single costs with their names: `dram 200`."""
    return ", ".join(
        str(value) if name in NOT_DESIGN else f"{name.removeprefix(_COSTS)} {value}" for name, value in panel
    )


def read_points(stored: StoredSweep, where: Sequence[str] = ()) -> SweepPoints:
    """Read a store's points, with `where` only those of every `COLUMN=VALUE`; raise InputError where none is done."""
    rows = stored.totals()
    if not rows:
        raise InputError.located(stored.place, wrong="has no finished point yet", allowed=_RUN_IT)
    for text in where:
        rows = _filtered(rows, text, stored.axes)
    axes = tuple(_with_values_met(axis, rows) for axis in stored.axes)
    index = {axis.path: {value: at for at, value in enumerate(axis.values)} for axis in axes}
    points = [_point(row, stored, index) for row in rows]
    done = tuple(point for point in points if point.measures is not None)
    impossible = tuple(point for point in points if point.measures is None)
    if not done:
        wrong = f"all {len(impossible)} points that it has are impossible"
        wrong += " where --where holds" if where else ""
        raise InputError.located(stored.place, wrong=wrong, allowed=f"the first says: {impossible[0].reason}")
    counts = Counts(len(done), len(impossible), len(points)) if where else stored.counts()
    return SweepPoints(stored.title, stored.objective, axes, counts, done, impossible, stored.adjusted)


def _with_values_met(axis: StoredAxis, rows: Sequence[Row]) -> StoredAxis:
    """Return an axis's values that points have, in order; what keeps the area equal may have others than the spec's."""
    met = {row[axis.column] for row in rows}
    others = met.difference(axis.values)
    values = [value for value in axis.values if value in met] + sorted(others)
    written = [axis.shown(value) for value in values]
    return axis.model_copy(update={"values": tuple(values), "written": tuple(written)})


def _point(row: Row, stored: StoredSweep, index: Dict[str, Dict[Any, int]]) -> SweepPoint:
    costs = [(axis.path, axis.shown(row[axis.column])) for axis in stored.axes if axis.path.startswith(_COSTS)]
    kind = (*((name, row[name]) for name in _ALWAYS), *costs)
    indices = {axis.path: index[axis.path][row[axis.column]] for axis in stored.axes}
    path = stored.adjusted
    adjusted = "" if path is None or path in indices else f"{path}={row[path]}"
    if row["status"] != DONE:
        return SweepPoint(int(row["point"]), kind, indices, adjusted=adjusted, reason=str(row["reason"]))
    unit = unit_of(row, stored.units)
    measures, energies = measures_of(row, unit), energies_of(row, unit)
    return SweepPoint(int(row["point"]), kind, indices, unit, measures, energies, adjusted)


def _filtered(rows: list[Row], text: str, axes: Sequence[StoredAxis]) -> list[Row]:
    """Keep the rows that `COLUMN=VALUE` names, the value as the spec has it or in base units."""
    name, equals, wanted = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError.located(
            "--where", wrong=f"{quoted(text)} gives no value", allowed="write e.g. workload=alexnet"
        )
    known = {axis.path: axis for axis in axes} | {axis.column: axis for axis in axes}
    if name not in known and name not in _ALWAYS:
        raise InputError.located(
            "--where", wrong=f"no column {quoted(name)}", allowed=did_you_mean(name, dict.fromkeys([*_ALWAYS, *known]))
        )
    axis = known.get(name)
    column = axis.column if axis else name
    there = list(dict.fromkeys(row[column] for row in rows))
    kept = {value for value in there if wanted in (str(value), axis.shown(value) if axis else "")}
    if not kept:
        shown = listed(axis.shown(value) if axis else str(value) for value in there)
        raise InputError.located("--where", wrong=f"no point with {quoted(text)}", allowed=f"there are: {shown}")
    return [row for row in rows if row[column] in kept]
