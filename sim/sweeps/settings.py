"""Layers at one setting: all that their figures depend on, but what the models ignore (`sweeps.models`).

What one point finds serves the next: a mapping is searched once for many capacities (`mapping.capacities`), and a
mapping's figures are worked out once, whatever capacities it was chosen for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim.arch import Machine
from sim.energy import CostTable
from sim.layer import Layer
from sim.mapping.capacities import CapacitySearch
from sim.mapping.facts import capacities_of
from sim.mapping.folding import Folded, fold
from sim.mapping.row_stationary import Mapping
from sim.mapping.search import Goal, broken_whatever_the_mapping, nothing_legal, problem_of
from sim.model import Model
from sim.results import LayerResult
from sim.runner import Planned, Planner, Runner
from sim.sweeps.models import looks_at_values, models_of
from sim.sweeps.points import Study
from sim.sweeps.rows import Figures, layer_row

_MOST_HINTS = 4096


@dataclass(slots=True)
class Setting:
    """Map and evaluate the layers of one network on machines that differ only in what the study's models ignore."""

    study: Study
    table: CostTable
    batch: int
    goal: Goal
    _sites: dict[Layer, _Site] = field(default_factory=dict)
    _rows: dict[tuple[Layer, Mapping], Figures] = field(default_factory=dict)
    _by_name: bool = field(init=False)

    def __post_init__(self) -> None:
        self._by_name = looks_at_values(self.study.model)

    def rows(self, layers: Sequence[Layer], machine: Machine, hints: dict[Layer, Mapping]) -> list[Figures]:
        """Give the layers' rows without their names; raise InputError where one can't be mapped.

        `hints` are the last mappings found at any setting, which may be good here as well.
        """
        found = []
        for layer in layers:
            alike = replace(layer, name="", relu=True)
            if alike not in self._sites:
                self._sites[alike] = self._site(layer, machine)
            site = self._sites[alike]
            mapping = self._mapping(layer, site, machine, hints.get(alike))
            if len(hints) >= _MOST_HINTS:
                hints.clear()
            hints[alike] = mapping
            found.append(
                self._kept_row(layer if self._by_name else alike, Planned(layer, site.folded, mapping), machine)
            )
        return found

    def _kept_row(self, layer: Layer, planned: Planned, machine: Machine) -> Figures:
        key = (layer, planned.mapping)
        if key not in self._rows:
            self._rows[key] = self._row(planned, machine)
        return self._rows[key]

    def _site(self, layer: Layer, machine: Machine) -> _Site:
        folded = fold(layer.shape, machine)
        if layer.mapping is not None or broken_whatever_the_mapping(layer, folded, machine, self.batch):
            return _Site(folded, None)
        problem = problem_of(layer, folded, machine, self.table, batch=self.batch, goal=self.goal)
        return _Site(folded, CapacitySearch(problem))

    def _mapping(self, layer: Layer, site: _Site, machine: Machine, hint: Mapping | None) -> Mapping:
        if layer.mapping is not None:
            return Planner(machine, self.table, self.batch).plan([layer])[0].mapping
        best = site.search.best(capacities_of(machine, layer.bits), hint) if site.search else None
        if best is None:
            raise nothing_legal(layer, site.folded, machine, self.batch, self.goal)
        return best

    def _row(self, planned: Planned, machine: Machine) -> Figures:
        models = models_of(self.study.model, machine, self.goal.code)
        results = [self._run(planned, machine, model) for model in models]
        return layer_row(results[0], self.study, *results[1:])

    def _run(self, planned: Planned, machine: Machine, model: Model) -> LayerResult:
        runner = Runner(machine, self.table, model, self.batch, self.study.seed)
        return next(iter(runner.run([planned])))


@dataclass(slots=True)
class _Site:
    """Hold what is known of one layer at one setting; no search where its mapping is stated, or none can be legal."""

    folded: Folded
    search: CapacitySearch | None
