"""The mapper: the best legal mappings of a layer on a machine, over the whole space of m n e p q r t.

What it leaves out it leaves out by proof: strip widths and image counts that are dominated (see `space`), and mappings
whose lower bound is no better than what is already found (see `kernels.mapping_bound`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import mapping_bound, mapping_legality
from sim.chips.eyeriss.kernels.layer_energy import evaluate
from sim.chips.eyeriss.kernels.layer_facts import Parameters
from sim.chips.eyeriss.kernels.mapping_search import SCORES, Best, Task, search
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import capacities_of, costs_of, facts_of, stored_per_channel, transfers_of
from sim.chips.eyeriss.mapping.folding import Folded
from sim.chips.eyeriss.mapping.legality import MAPPING_FREE_RULES, Case, violations
from sim.chips.eyeriss.mapping.remedies import changes_for
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.chips.eyeriss.mapping.space import image_counts_that_matter, parameter_bounds, strip_widths_that_matter
from sim.chips.goals import Candidate, Findings, Goal, Objective
from sim.errors import InputError
from sim.ledger.energy import CostTable
from sim.networks.layer import Layer

_KERNEL_OBJECTIVE = {
    Objective.ENERGY: mapping_bound.ENERGY,
    Objective.DELAY: mapping_bound.DELAY,
    Objective.EDP: mapping_bound.EDP,
    Objective.DRAM: mapping_bound.DRAM,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A search in the numbers that its kernel takes.

    `widths` and `image_counts` are the values of e and n that are tried; `stored` belongs to the widths.
    """

    task: Task
    widths: NDArray[np.int64]
    stored: NDArray[np.float64]
    image_counts: NDArray[np.int64]

    def solve(
        self, *, top: int, counting: bool, at_most: tuple[float, float] | None = None
    ) -> tuple[tuple[Candidate[Mapping], ...], int, int]:
        """Return the `top` best, how many mappings are legal, and how many were evaluated in full.

        Without `counting`, those that are excluded unseen don't count as legal. `at_most` is an (objective, energy)
        that some legal mapping is known to reach, to leave out more from the start; the answer is the same.
        """
        best = Best(np.zeros((top, len(PARAMETERS)), np.int64), np.full((top, SCORES), np.inf))
        if at_most is not None:
            best.scores[-1, :2] = at_most[0], np.nextafter(at_most[1], np.inf)
        legal, evaluated = search(self.task, self.widths, self.stored, self.image_counts, counting, best)
        found = tuple(
            Candidate(Mapping(*(int(value) for value in row)), *(float(value) for value in score[1:]))
            for row, score in zip(*best, strict=True)
            if row[0]
        )
        return found, int(legal), int(evaluated)

    def score(self, mapping: Mapping) -> tuple[float, float] | None:
        """Return a mapping's (objective, energy); None where it is not legal here or not looked for."""
        task, sizes = self.task, Parameters(*mapping.as_tuple())
        in_bounds = all(low <= size <= high for low, size, high in zip(task.lows, sizes, task.highs, strict=True))
        if not in_bounds or sizes.n not in self.image_counts or sizes.e not in self.widths:
            return None
        if not mapping_legality.is_legal(task.facts, task.capacities, sizes):
            return None
        stored = float(self.stored[np.searchsorted(-self.widths, -sizes.e)])
        found = evaluate(task.facts, task.transfers, task.costs, sizes, stored)
        return mapping_bound.objective_of(task.objective, *found), found.energy


def problem_of(layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal) -> Problem:
    """Gather all that the search for a layer's mapping depends on."""
    bounds = parameter_bounds(folded, batch, dict(goal.constraints))
    widths = strip_widths_that_matter(folded.shape.E, bounds["e"], columns=machine.filter_reach)
    return Problem(
        task=Task(
            facts=facts_of(layer, folded, machine, batch),
            capacities=capacities_of(machine, layer.bits),
            transfers=transfers_of(layer, machine, batch=batch, code=goal.code),
            costs=costs_of(layer, machine, table, batch=batch),
            objective=_KERNEL_OBJECTIVE[goal.objective],
            lows=Parameters(**{name: bounds[name].low for name in PARAMETERS}),
            highs=Parameters(**{name: bounds[name].high for name in PARAMETERS}),
        ),
        widths=widths,
        stored=np.array([stored_per_channel(layer, folded, int(width)) for width in widths], np.float64),
        image_counts=image_counts_that_matter(batch, bounds["n"]),
    )


def find_mappings(
    layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal, top: int
) -> Findings[Mapping]:
    """Find the `top` best legal mappings; raise InputError where there is none, with the rules in the way.

    Ties go to less energy, then to larger e, n, q, r, t, p, m, in this order.
    """
    if not broken_whatever_the_mapping(layer, folded, machine, batch):
        problem = problem_of(layer, folded, machine, table, batch=batch, goal=goal)
        found, legal, evaluated = problem.solve(top=top, counting=True)
        if found:
            return Findings(found, legal, evaluated)
    raise nothing_legal(layer, folded, machine, batch, goal)


def find_mapping(
    layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal | None = None
) -> Mapping:
    """Find the best legal mapping; raise InputError where there is none."""
    found = find_mappings(layer, folded, machine, table, batch=batch, goal=goal or Goal(), top=1)
    return found.candidates[0].plan


def _smallest(layer: Layer, folded: Folded, machine: Machine, batch: int) -> Case:
    return Case(folded, batch, layer.bits, Mapping(1, 1, 1, 1, 1, 1, 1), machine)


def broken_whatever_the_mapping(layer: Layer, folded: Folded, machine: Machine, batch: int) -> bool:
    """Return whether a rule is broken that no mapping can mend."""
    case = _smallest(layer, folded, machine, batch)
    return any(rule(case) is not None for rule in MAPPING_FREE_RULES)


def nothing_legal(layer: Layer, folded: Folded, machine: Machine, batch: int, goal: Goal) -> InputError:
    """State which rules even the smallest mapping breaks and what would mend it, or that constraints leave nothing."""
    smallest = _smallest(layer, folded, machine, batch)
    place, wrong = f"layer {layer.name}", f"no legal mapping on {machine.name}"
    broken = "; ".join(str(violation) for violation in violations(smallest))
    if broken:
        changes = ", ".join(str(change) for change in changes_for(smallest))
        return InputError.located(place, wrong=f"{wrong}; {broken}", allowed=f"with {changes} there would be one")
    limits = ", ".join(f"{name} {bounds}" for name, bounds in goal.constraints)
    return InputError.located(place, wrong=wrong, allowed=f"without the constraints ({limits}) there are some")
