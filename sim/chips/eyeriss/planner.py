"""Plans of layers on Eyeriss: the mapping that a layer states, checked, or the best that the search finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.capacities import CapacitySearch
from sim.chips.eyeriss.mapping.facts import capacities_of
from sim.chips.eyeriss.mapping.folding import Folded, fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.chips.eyeriss.mapping.search import broken_whatever_the_mapping, find_mappings, nothing_legal, problem_of
from sim.chips.goals import Candidate, Findings, Goal
from sim.chips.parts.mapping_entry import read_mapping
from sim.errors import InputError
from sim.ledger.energy import CostTable
from sim.networks.layer import Layer


def stated_plan(layer: Layer, machine: Machine, *, batch: int) -> MappedLayer:
    """Check the mapping that a layer states; raise InputError where it is none, or not legal on the machine."""
    folded = fold(layer.shape, machine)
    place = f"layer {layer.name}"
    mapping = Mapping(**read_mapping(dict(layer.mapping or ()), PARAMETERS, f"{place}: mapping"))
    broken = violations(Case(folded, batch, layer.bits, mapping, machine))
    if broken:
        wrong = f"mapping {mapping} is not legal on {machine.name}"
        raise InputError.located(place, wrong=wrong, allowed=str(broken[0]))
    return MappedLayer(folded, mapping)


def best_plans(
    layer: Layer, machine: Machine, table: CostTable, *, batch: int, goal: Goal, top: int
) -> Findings[MappedLayer]:
    """Find a layer's best plans; raise InputError where there is none, with the rules in the way."""
    folded = fold(layer.shape, machine)
    found = find_mappings(layer, folded, machine, table, batch=batch, goal=goal, top=top)
    candidates = tuple(
        Candidate(MappedLayer(folded, one.plan), one.energy, one.cycles, one.dram_bits) for one in found.candidates
    )
    return Findings(candidates, found.legal, found.evaluated)


@dataclass(slots=True)
class CapacityPlanner:
    """One layer's best plans on machines that differ in capacities alone (see `mapping.capacities`)."""

    layer: Layer
    batch: int
    goal: Goal
    folded: Folded
    search: CapacitySearch | None = field(default=None)

    @classmethod
    def of(
        cls, layer: Layer, machine: Machine, table: CostTable, *, batch: int, goal: Goal, hint: MappedLayer | None
    ) -> CapacityPlanner:
        """Gather what the search depends on; a `hint` is a mapping that may be good here, too."""
        folded = fold(layer.shape, machine)
        planner = cls(layer, batch, goal, folded)
        if not broken_whatever_the_mapping(layer, folded, machine, batch):
            problem = problem_of(layer, folded, machine, table, batch=batch, goal=goal)
            planner.search = CapacitySearch(problem, None if hint is None else hint.mapping)
        return planner

    def plan(self, machine: Machine) -> MappedLayer:
        """Return the best plan; raise InputError where none is legal."""
        best = self.search.best(capacities_of(machine, self.layer.bits)) if self.search else None
        if best is None:
            raise nothing_legal(self.layer, self.folded, machine, self.batch, self.goal)
        return MappedLayer(self.folded, best)
