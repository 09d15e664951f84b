"""A layer's best mappings on machines that differ in nothing but capacities: each found once for many of them.

Capacities (`kernels.layer_facts`: rows of the array, filter spad, multicast tags, GLB banks) say which mappings
are legal and never what one costs. So less of them allows a subset of the mappings; and since the search goes through
them in an order that no capacity changes, and knows no ties, the best of all is the best of every subset that it
belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import le

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import mapping_legality
from sim.chips.eyeriss.kernels.layer_facts import Capacities
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.chips.eyeriss.mapping.search import Problem

_AT_FIRST = 16  # known mappings that there is room for; it doubles


@dataclass(slots=True)
class CapacitySearch:
    """The search for one layer's best mapping for capacities as they come; larger ones first save most.

    A good `hint` makes the first search shorter, never another.
    """

    problem: Problem
    hint: Mapping | None = None
    _capacities: NDArray[np.int64] = field(init=False)
    _mappings: NDArray[np.int64] = field(init=False)
    _scores: NDArray[np.float64] = field(init=False)
    _found: list[Mapping] = field(init=False, default_factory=list)
    _dead_ends: list[Capacities] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._capacities = np.zeros((_AT_FIRST, len(Capacities._fields)), np.int64)
        self._mappings = np.zeros((_AT_FIRST, len(PARAMETERS)), np.int64)
        self._scores = np.zeros((_AT_FIRST, 2))

    def best(self, capacities: Capacities) -> Mapping | None:
        """Return the best mapping, None where none is legal."""
        facts = self.problem.task.facts
        known = len(self._found)
        mappings = self._mappings[:known]
        place: int = mapping_legality.first_known_best(facts, capacities, self._capacities[:known], mappings)
        if place >= 0:
            return self._found[place]
        if any(all(map(le, capacities, none)) for none in self._dead_ends):
            return None
        place = mapping_legality.best_of_legal(facts, capacities, mappings, self._scores[:known])
        return self._search(capacities, self._found[place] if place >= 0 else self.hint)

    def _search(self, capacities: Capacities, hint: Mapping | None) -> Mapping | None:
        here = replace(self.problem, task=self.problem.task._replace(capacities=capacities))
        at_most = None if hint is None else here.score(hint)
        found, _, _ = here.solve(top=1, counting=False, at_most=at_most)
        if not found:
            self._dead_ends.append(capacities)
            return None
        self._keep(here, found[0].plan)
        return found[0].plan

    def _keep(self, here: Problem, mapping: Mapping) -> None:
        place = len(self._found)
        if place == len(self._mappings):
            self._capacities = np.vstack([self._capacities, np.zeros_like(self._capacities)])
            self._mappings = np.vstack([self._mappings, np.zeros_like(self._mappings)])
            self._scores = np.vstack([self._scores, np.zeros_like(self._scores)])
        self._capacities[place] = here.task.capacities
        self._mappings[place] = mapping.as_tuple()
        self._scores[place] = here.score(mapping)
        self._found.append(mapping)
