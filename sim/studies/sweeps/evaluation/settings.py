"""Layers at one setting: all that their figures depend on, but what the models ignore (`sweeps.models`).

What one point finds serves the next: a mapping is searched once for many capacities (`mapping.capacities`), and a
mapping's figures are worked out once, whatever capacities it was chosen for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim.chips.contract import Model
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.capacities import CapacitySearch
from sim.chips.eyeriss.mapping.facts import capacities_of
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.eyeriss.mapping.search import Goal, broken_whatever_the_mapping, nothing_legal, problem_of
from sim.ledger.energy import CostTable
from sim.ledger.results import LayerResult
from sim.networks.layer import Layer
from sim.runs.runner import Planned, Planner, Runner
from sim.studies.sweeps.evaluation.models import looks_at_values, models_of
from sim.studies.sweeps.evaluation.rows import Figures, layer_row
from sim.studies.sweeps.spec.points import Study

_MOST_HINTS = 4096


Hints = dict[Layer, Mapping]  # the last mapping found for each layer at any setting, which may be good at another


@dataclass(slots=True)
class Setting:
    """The layers of one network, mapped and run on machines that differ only in what the study's models ignore."""

    study: Study
    table: CostTable
    batch: int
    goal: Goal
    layers: Sequence[Layer]
    _sites: list[_SweptLayer] = field(init=False, default_factory=list)

    def rows(self, machine: Machine, hints: Hints) -> list[Figures]:
        """Return the layers' rows without their names; raise InputError where one can't be mapped."""
        if not self._sites:
            self._sites = self._make_sites(machine, hints)
        return [self._row(site, machine, hints) for site in self._sites]

    def _make_sites(self, machine: Machine, hints: Hints) -> list[_SweptLayer]:
        """Make a site for each layer; those that are alike share what is found for one of them."""
        by_name = looks_at_values(self.study.model)
        first: dict[Layer, _SweptLayer] = {}
        sites = []
        for layer in self.layers:
            alike = replace(layer, name="", relu=True)
            if alike not in first:
                first[alike] = self._site(layer, alike, machine, hints)
            one = first[alike]
            sites.append(replace(one, layer=layer, rows={} if by_name else one.rows))
        return sites

    def _site(self, layer: Layer, alike: Layer, machine: Machine, hints: Hints) -> _SweptLayer:
        folded = fold(layer.shape, machine)
        search = None
        if layer.mapping is None and not broken_whatever_the_mapping(layer, folded, machine, self.batch):
            problem = problem_of(layer, folded, machine, self.table, batch=self.batch, goal=self.goal)
            search = CapacitySearch(problem, hints.get(alike))
        return _SweptLayer(layer, alike, folded, search)

    def _row(self, site: _SweptLayer, machine: Machine, hints: Hints) -> Figures:
        mapping = self._mapping(site, machine)
        if mapping not in site.rows:
            site.rows[mapping] = self._made_row(Planned(site.layer, site.folded, mapping), machine)
            if len(hints) >= _MOST_HINTS:
                hints.clear()
            hints[site.alike] = mapping
        return site.rows[mapping]

    def _mapping(self, site: _SweptLayer, machine: Machine) -> Mapping:
        layer = site.layer
        if layer.mapping is not None:
            return Planner(machine, self.table, self.batch).plan([layer])[0].mapping
        best = site.search.best(capacities_of(machine, layer.bits)) if site.search else None
        if best is None:
            raise nothing_legal(layer, site.folded, machine, self.batch, self.goal)
        return best

    def _made_row(self, planned: Planned, machine: Machine) -> Figures:
        models = models_of(self.study.model, machine, self.goal.code)
        results = [self._run(planned, machine, model) for model in models]
        return layer_row(results[0], self.study, *results[1:])

    def _run(self, planned: Planned, machine: Machine, model: Model) -> LayerResult:
        runner = Runner(machine, self.table, model, self.batch, self.study.seed)
        return next(iter(runner.run([planned])))


@dataclass(frozen=True, slots=True)
class _SweptLayer:
    """What is known of one layer at one setting; no search where its mapping is stated, or none can be legal.

    `alike` is the layer without what the mapper doesn't look at.
    """

    layer: Layer
    alike: Layer
    folded: Folded
    search: CapacitySearch | None
    rows: dict[Mapping, Figures] = field(default_factory=dict)
