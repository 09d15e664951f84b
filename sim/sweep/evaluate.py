"""One point of a sweep, evaluated: rows of figures, or the reason why there are none.

A layer's mapping is found once for all points to which the search would look the same: the vectors that its kernel
takes are the key, so a parameter that doesn't enter them doesn't cost a search.

A search with more fmap banks serves fewer, too. Proof: banks enter the search in the rule for m alone
(`kernels.mapping_search.most_filters_held`), never a mapping's cost. So fewer banks allow a subset of the mappings;
the best of all, in an order that knows no ties, is the best of every subset that it belongs to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from sim.analytic.model import AnalyticModel
from sim.arch import Machine
from sim.area import area_mm2
from sim.density import code_of
from sim.energy import CostTable
from sim.errors import InputError
from sim.layer import Layer
from sim.mapping.facts import costs_of, facts_of
from sim.mapping.folding import Folded, fold
from sim.mapping.legality import Case, violations
from sim.mapping.row_stationary import Mapping
from sim.mapping.search import Goal, find_mapping
from sim.results import LayerResult
from sim.runner import Planner, Runner
from sim.sweep.points import Point, Study
from sim.sweep.rows import impossible_row, point_rows

DONE, IMPOSSIBLE = "done", "impossible"
_NO_SEED = 0  # nothing is drawn
_MOST_RESULTS = 4096
_MOST_MAPPINGS = 65536

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold what became of a point: `status` is DONE or IMPOSSIBLE; the last row is the point's total."""

    number: int
    status: str
    rows: tuple[Dict[str, Any], ...]

    @property
    def total(self) -> Dict[str, Any]:
        """Give the row of the whole network."""
        return self.rows[-1]


@dataclass(slots=True)
class _Memory(Generic[Kept]):
    """Keep what was made by key; the oldest goes when there are too many, so memory stays flat."""

    most: int
    found: OrderedDict[Any, Kept] = field(default_factory=OrderedDict)

    def get(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """Give what is kept under a key, made where it isn't there."""
        if key not in self.found:
            made = make()  # first, because it may raise
            if len(self.found) >= self.most:
                self.found.popitem(last=False)
            self.found[key] = made
        return self.found[key]


@dataclass(slots=True)
class Evaluator:
    """Evaluate points of a study one after another; what one point finds serves the next, and changes no result."""

    study: Study
    _results: _Memory[LayerResult] = field(default_factory=lambda: _Memory(_MOST_RESULTS))
    _mappings: _Memory[Mapping | None] = field(default_factory=lambda: _Memory(_MOST_MAPPINGS))

    def evaluate(self, number: int) -> Outcome:
        """Evaluate a point; one without a machine or a mapping is IMPOSSIBLE, with its reason."""
        study, point = self.study, self.study.point(number)
        try:
            machine = study.machine_of(point)
            layers = self._layers_of(point, machine)
        except InputError as error:
            return Outcome(number, IMPOSSIBLE, (impossible_row(study, point, str(error)),))
        return Outcome(number, DONE, tuple(point_rows(study, point, layers, area_mm2(machine))))

    def _layers_of(self, point: Point, machine: Machine) -> list[LayerResult]:
        study = self.study
        name, batch = study.table_name(point), study.batch_of(point)
        table = study.tables[name].scaled_to(machine.core.voltage)
        goal = study.goal_of(point, Goal(code=code_of(machine)))
        where = (machine.model_dump_json(), name, batch, goal)
        found = []
        for layer in study.workloads[study.workload_name(point)].layers:
            key = (replace(layer, name="", relu=True), where)
            result = self._results.get(key, lambda one=layer: self._run(one, machine, table, batch, goal))  # type: ignore[misc]
            found.append(replace(result, name=layer.name))
        return found

    def _run(self, layer: Layer, machine: Machine, table: CostTable, batch: int, goal: Goal) -> LayerResult:
        """Map a layer and run the analytic model; the planner checks a mapping also where it comes from memory."""
        folded = fold(layer.shape, machine)
        if layer.mapping is None:
            mapping = self._mapping(layer, folded, machine, table, batch, goal)
            layer = replace(layer, mapping=tuple(mapping.as_dict().items()))
        planned = Planner(machine, table, batch).plan([layer])
        model = AnalyticModel(machine, goal.code)
        return next(iter(Runner(machine, table, model, batch, _NO_SEED).run(planned)))

    def _mapping(
        self, layer: Layer, folded: Folded, machine: Machine, table: CostTable, batch: int, goal: Goal
    ) -> Mapping:
        """Find a layer's best mapping; that of the sweep's largest buffer first, which is found only once."""
        most = max([machine.glb.fmap_banks, *self.study.numbers_of("glb.fmap_banks")])
        for banks in sorted({most, machine.glb.fmap_banks}, reverse=True):
            glb = machine.glb.model_copy(update={"fmap_banks": banks})
            larger = machine.model_copy(update={"glb": glb})
            key = _search_key(layer, folded, larger, table, batch, goal)
            best = self._mappings.get(key, lambda on=larger: _find(layer, folded, on, table, batch, goal))  # type: ignore[misc]
            if best is not None and not violations(Case(folded, batch, layer.bits, best, machine)):
                return best
        return find_mapping(layer, folded, machine, table, batch=batch, goal=goal)  # which says why there is none


def _find(layer: Layer, folded: Folded, machine: Machine, table: CostTable, batch: int, goal: Goal) -> Mapping | None:
    """Find the best mapping; None where there is none."""
    try:
        return find_mapping(layer, folded, machine, table, batch=batch, goal=goal)
    except InputError:
        return None


def _search_key(layer: Layer, folded: Folded, machine: Machine, table: CostTable, batch: int, goal: Goal) -> Any:
    """Give all that the mapper looks at: its vectors, the layer's geometry, and the limits of the controller."""
    return (
        facts_of(layer, folded, machine, batch).tobytes(),
        costs_of(layer, machine, table, batch=batch, code=goal.code).tobytes(),
        layer.shape,
        layer.padding,
        (layer.stored_height, layer.stored_width),
        folded.shape,
        machine.limits.model_dump_json(),
        goal,
    )
