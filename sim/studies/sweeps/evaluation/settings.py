"""Layers at one setting: all that their figures depend on, but what the models ignore.

What one point finds serves the next: a chip may search a plan once for many machines, and a plan's figures are worked
out once, whatever machine it was chosen for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sim.chips.contract import AnyChip, LayerSearch, Model, ModelOptions, Plan, Planned
from sim.chips.goals import Goal
from sim.chips.parts.description import MachineDocument
from sim.ledger.energy import CostTable
from sim.ledger.results import LayerResult
from sim.networks.layer import Layer
from sim.runs.runner import Runner
from sim.studies.sweeps.evaluation.rows import Figures, layer_row
from sim.studies.sweeps.spec.points import MODELS, Study

_MOST_HINTS = 4096

# The last plan that a kind of chip found for each layer at any setting, which may be good at another.
Hints = dict[tuple[str, Layer], Plan]


@dataclass(slots=True)
class Setting:
    """The layers of one network, mapped and run on machines that differ only in what the study's models ignore."""

    study: Study
    chip: AnyChip
    table: CostTable
    batch: int
    goal: Goal
    layers: Sequence[Layer]
    _swept: list[_SweptLayer] = field(init=False, default_factory=list)

    def rows(self, machine: MachineDocument, hints: Hints) -> list[Figures]:
        """Return the layers' rows without their names; raise InputError where one can't be mapped."""
        if not self._swept:
            self._swept = self._sweep_layers(machine, hints)
        return [self._row(layer, machine, hints) for layer in self._swept]

    def _sweep_layers(self, machine: MachineDocument, hints: Hints) -> list[_SweptLayer]:
        """Prepare every layer; those that are alike share what is found for one of them."""
        # A model that looks at values finds others for a layer of another name, whose tensors are drawn otherwise.
        by_name = any(model.needs for model in self._models(machine))
        first: dict[Layer, _SweptLayer] = {}
        swept = []
        for layer in self.layers:
            alike = replace(layer, name="", relu=True)
            if alike not in first:
                first[alike] = self._prepare(layer, alike, machine, hints)
            one = first[alike]
            swept.append(replace(one, layer=layer, rows={} if by_name else one.rows))
        return swept

    def _prepare(self, layer: Layer, alike: Layer, machine: MachineDocument, hints: Hints) -> _SweptLayer:
        search = None
        if layer.mapping is None:
            hint = hints.get((self.chip.kind, alike))
            search = self.chip.search_for(layer, machine, self.table, batch=self.batch, goal=self.goal, hint=hint)
        return _SweptLayer(layer, alike, search)

    def _row(self, swept: _SweptLayer, machine: MachineDocument, hints: Hints) -> Figures:
        plan = self._plan(swept, machine)
        if plan not in swept.rows:
            swept.rows[plan] = self._made_row(Planned(swept.layer, plan), machine)
            if len(hints) >= _MOST_HINTS:
                hints.clear()
            hints[self.chip.kind, swept.alike] = plan
        return swept.rows[plan]

    def _plan(self, swept: _SweptLayer, machine: MachineDocument) -> Plan:
        plan: Plan
        if swept.search is None:
            plan = self.chip.stated(swept.layer, machine, batch=self.batch)
            return plan
        plan = swept.search.plan(machine)
        return plan

    def _made_row(self, planned: Planned[Any], machine: MachineDocument) -> Figures:
        results = [self._run(planned, machine, model) for model in self._models(machine)]
        return layer_row(results[0], self.study, *results[1:])

    def _models(self, machine: MachineDocument) -> list[Model[Any]]:
        """Make the models to run, that whose figures count first."""
        options = ModelOptions(code=self.goal.code)
        return [self.chip.model(name, machine, options) for name in MODELS[self.study.model]]

    def _run(self, planned: Planned[Any], machine: MachineDocument, model: Model[Any]) -> LayerResult:
        runner = Runner(self.chip, machine, self.table, model, self.batch, self.study.seed)
        return next(iter(runner.run([planned])))


@dataclass(frozen=True, slots=True)
class _SweptLayer:
    """What is known of one layer at one setting; no search where its mapping is stated.

    `alike` is the layer without what the mapper doesn't look at.
    """

    layer: Layer
    alike: Layer
    search: LayerSearch[Any, Any] | None
    rows: dict[Plan, Figures] = field(default_factory=dict)
