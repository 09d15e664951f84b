"""The mapper: the best legal mappings of a layer on a machine, over the whole space of m n e p q r t.

What it leaves out it leaves out by proof: strip widths and image counts that are dominated (see `space`), and mappings
whose lower bound is no better than what is already found (see `kernels.mapping_search.bound`).
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sim.arch import Machine
from sim.density import FmapCode
from sim.energy import CostTable
from sim.errors import InputError
from sim.kernels import mapping_search
from sim.layer import Layer
from sim.mapping.facts import costs_of, facts_of, stored_per_channel
from sim.mapping.folding import Folded
from sim.mapping.legality import MAPPING_FREE_RULES, Case, violations
from sim.mapping.remedies import changes_for
from sim.mapping.row_stationary import PARAMETERS, Mapping
from sim.mapping.space import Bounds, image_counts_that_matter, parameter_bounds, strip_widths_that_matter


class Objective(StrEnum):
    """Name what the mapper makes as small as can be: system energy, total cycles, their product, or DRAM bits."""

    ENERGY = "energy"
    DELAY = "delay"
    EDP = "edp"
    DRAM = "dram"


_KERNEL_OBJECTIVE = {
    Objective.ENERGY: mapping_search.ENERGY,
    Objective.DELAY: mapping_search.DELAY,
    Objective.EDP: mapping_search.EDP,
    Objective.DRAM: mapping_search.DRAM,
}


@dataclass(frozen=True, slots=True)
class Goal:
    """Hold what is looked for: an objective, limits on parameters, and how fmaps are coded in DRAM."""

    objective: Objective = Objective.ENERGY
    constraints: tuple[tuple[str, Bounds], ...] = ()
    code: FmapCode = FmapCode.RLC


@dataclass(frozen=True, slots=True)
class Candidate:
    """Hold a mapping with its estimates: system energy in the cost table's unit, total core cycles, DRAM bits."""

    mapping: Mapping
    energy: float
    cycles: float
    dram_bits: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Hold the best mappings, best first, and how many were legal and how many of these had to be evaluated in full."""

    candidates: tuple[Candidate, ...]
    legal: int
    evaluated: int


def find_mappings(
    layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal, top: int
) -> Findings:
    """Find the `top` best legal mappings; raise InputError where there is none, with the rules in the way.

    Ties go to less energy, then to larger e, n, q, r, t, p, m, in this order.
    """
    constraints = dict(goal.constraints)
    bounds = parameter_bounds(folded, batch, constraints)
    if not _broken_whatever_the_mapping(layer, folded, machine, batch):
        widths = strip_widths_that_matter(folded.shape.E, bounds["e"], columns=machine.filter_reach)
        best = np.zeros((top, len(PARAMETERS)), np.int64)
        scores = np.full((top, mapping_search.SCORES), np.inf)
        legal, evaluated = mapping_search.search(
            facts_of(layer, folded, machine, batch),
            costs_of(layer, machine, table, batch=batch, code=goal.code),
            _KERNEL_OBJECTIVE[goal.objective],
            widths,
            np.array([stored_per_channel(layer, folded, int(width)) for width in widths], np.float64),
            image_counts_that_matter(batch, bounds["n"]),
            np.array([bounds[name].low for name in PARAMETERS], np.int64),
            np.array([bounds[name].high for name in PARAMETERS], np.int64),
            best,
            scores,
        )
        found = tuple(
            Candidate(Mapping(*(int(value) for value in row)), *(float(value) for value in score[1:]))
            for row, score in zip(best, scores, strict=True)
            if np.isfinite(score[0])
        )
        if found:
            return Findings(found, int(legal), int(evaluated))
    raise _nothing_legal(layer, folded, machine, batch, constraints)


def find_mapping(
    layer: Layer, folded: Folded, machine: Machine, table: CostTable, *, batch: int, goal: Goal | None = None
) -> Mapping:
    """Find the best legal mapping; raise InputError where there is none."""
    found = find_mappings(layer, folded, machine, table, batch=batch, goal=goal or Goal(), top=1)
    return found.candidates[0].mapping


def _smallest(layer: Layer, folded: Folded, machine: Machine, batch: int) -> Case:
    return Case(folded, batch, layer.bits, Mapping(1, 1, 1, 1, 1, 1, 1), machine)


def _broken_whatever_the_mapping(layer: Layer, folded: Folded, machine: Machine, batch: int) -> bool:
    case = _smallest(layer, folded, machine, batch)
    return any(rule(case) is not None for rule in MAPPING_FREE_RULES)


def _nothing_legal(
    layer: Layer, folded: Folded, machine: Machine, batch: int, constraints: Dict[str, Bounds]
) -> InputError:
    """Say which rules even the smallest mapping breaks and what would mend it, or that constraints leave nothing."""
    smallest = _smallest(layer, folded, machine, batch)
    place, wrong = f"layer {layer.name}", f"no legal mapping on {machine.name}"
    broken = "; ".join(str(violation) for violation in violations(smallest))
    if broken:
        changes = ", ".join(str(change) for change in changes_for(smallest))
        return InputError.located(place, wrong=f"{wrong}; {broken}", allowed=f"with {changes} there would be one")
    limits = ", ".join(f"{name} {bounds}" for name, bounds in constraints.items())
    return InputError.located(place, wrong=wrong, allowed=f"without the constraints ({limits}) there are some")
