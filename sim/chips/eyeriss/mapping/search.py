"""The mapper: the best legal mappings of a layer on a machine, over the whole space of m n e p q r t.

What it leaves out it leaves out by proof: strip widths and image counts that are dominated (see `space`), and mappings
whose lower bound is no better than what is already found (see `kernels.mapping_bound`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import layer_cost, mapping_bound, mapping_legality, mapping_search
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.facts import costs_of, facts_of, stored_per_channel
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
    """A search in the vectors that its kernel takes."""

    facts: NDArray[np.int64]
    costs: NDArray[np.float64]
    objective: int
    widths: NDArray[np.int64]
    stored: NDArray[np.float64]
    image_counts: NDArray[np.int64]
    lows: NDArray[np.int64]
    highs: NDArray[np.int64]

    def solve(
        self, *, top: int, counting: bool, at_most: tuple[float, float] | None = None
    ) -> tuple[tuple[Candidate[Mapping], ...], int, int]:
        """Return the `top` best, how many mappings are legal, and how many were evaluated in full.

        Without `counting`, those that are excluded unseen don't count as legal. `at_most` is an (objective, energy)
        that some legal mapping is known to reach, to leave out more from the start; the answer is the same.
        """
        best = np.zeros((top, len(PARAMETERS)), np.int64)
        scores = np.full((top, mapping_search.SCORES), np.inf)
        if at_most is not None:
            scores[-1, :2] = at_most[0], np.nextafter(at_most[1], np.inf)
        legal, evaluated = mapping_search.search(
            self.facts,
            self.costs,
            self.objective,
            self.widths,
            self.stored,
            self.image_counts,
            self.lows,
            self.highs,
            counting,
            best,
            scores,
        )
        found = tuple(
            Candidate(Mapping(*(int(value) for value in row)), *(float(value) for value in score[1:]))
            for row, score in zip(best, scores, strict=True)
            if row[0]
        )
        return found, int(legal), int(evaluated)

    def score(self, mapping: Mapping) -> tuple[float, float] | None:
        """Return a mapping's (objective, energy); None where it is not legal here or not looked for."""
        m, n, e, p, q, r, t = values = mapping.as_tuple()
        in_bounds = np.all(values >= self.lows) and np.all(values <= self.highs)
        if not in_bounds or n not in self.image_counts or e not in self.widths:
            return None
        if not mapping_legality.is_legal(self.facts, m, n, e, p, q, r, t):
            return None
        stored = self.stored[np.searchsorted(-self.widths, -e)]
        energy, cycles, dram_bits, _ = layer_cost.evaluate(self.facts, self.costs, m, n, e, p, q, r, t, stored)
        return mapping_bound.objective_of(self.objective, energy, cycles, dram_bits), energy


def problem_of(layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal) -> Problem:
    """Gather all that the search for a layer's mapping depends on."""
    bounds = parameter_bounds(folded, batch, dict(goal.constraints))
    widths = strip_widths_that_matter(folded.shape.E, bounds["e"], columns=machine.filter_reach)
    return Problem(
        facts=facts_of(layer, folded, machine, batch),
        costs=costs_of(layer, machine, table, batch=batch, code=goal.code),
        objective=_KERNEL_OBJECTIVE[goal.objective],
        widths=widths,
        stored=np.array([stored_per_channel(layer, folded, int(width)) for width in widths], np.float64),
        image_counts=image_counts_that_matter(batch, bounds["n"]),
        lows=np.array([bounds[name].low for name in PARAMETERS], np.int64),
        highs=np.array([bounds[name].high for name in PARAMETERS], np.int64),
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
