"""A layer's best mappings on machines that differ in nothing but capacities: each found once for many of them.

Capacities (`kernels.mapping_legality`: rows of the array, filter spad, multicast tags, GLB banks) say which mappings
are legal and never what one costs. So less of them allows a subset of the mappings; and since the search goes through
them in an order that no capacity changes, and knows no ties, the best of all is the best of every subset that it
belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.chips.eyeriss.kernels import mapping_legality
from sim.chips.eyeriss.mapping.facts import CAPACITY_PLACES
from sim.chips.eyeriss.mapping.row_stationary import PARAMETERS, Mapping
from sim.chips.eyeriss.mapping.search import Problem

Capacities = NDArray[np.int64]
_AT_FIRST = 16  # known mappings that there is room for; it doubles


@dataclass(slots=True)
class CapacitySearch:
    """The search for one layer's best mapping for capacities as they come; larger ones first save most.

    A good `hint` makes the first search shorter, never another.
    """

    problem: Problem
    hint: Mapping | None = None
    _capacities: Capacities = field(init=False)
    _mappings: NDArray[np.int64] = field(init=False)
    _scores: NDArray[np.float64] = field(init=False)
    _count: int = field(init=False, default=0)
    _dead_ends: list[Capacities] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.problem = replace(self.problem, facts=self.problem.facts.copy())  # to be changed with the capacities
        self._capacities = np.zeros((_AT_FIRST, len(CAPACITY_PLACES)), np.int64)
        self._mappings = np.zeros((_AT_FIRST, len(PARAMETERS)), np.int64)
        self._scores = np.zeros((_AT_FIRST, 2))

    def best(self, capacities: Capacities) -> Mapping | None:
        """Return the best mapping, None where none is legal."""
        facts = self.problem.facts
        facts[CAPACITY_PLACES] = capacities
        mappings = self._mappings[: self._count]
        place = mapping_legality.first_known_best(facts, capacities, self._capacities[: self._count], mappings)
        if place >= 0:
            return self._mapping(place)
        if any((capacities <= none).all() for none in self._dead_ends):
            return None
        place = mapping_legality.best_of_legal(facts, mappings, self._scores[: self._count])
        return self._search(capacities, self._mapping(place) if place >= 0 else self.hint)

    def _search(self, capacities: Capacities, hint: Mapping | None) -> Mapping | None:
        at_most = None if hint is None else self.problem.score(hint)
        found, _, _ = self.problem.solve(top=1, counting=False, at_most=at_most)
        if not found:
            self._dead_ends.append(capacities.copy())
            return None
        self._keep(capacities, found[0].plan)
        return found[0].plan

    def _mapping(self, place: int) -> Mapping:
        return Mapping(*self._mappings[place].tolist())

    def _keep(self, capacities: Capacities, mapping: Mapping) -> None:
        place = self._count
        if place == len(self._mappings):
            self._capacities = np.vstack([self._capacities, np.zeros_like(self._capacities)])
            self._mappings = np.vstack([self._mappings, np.zeros_like(self._mappings)])
            self._scores = np.vstack([self._scores, np.zeros_like(self._scores)])
        self._capacities[place] = capacities
        self._mappings[place] = mapping.as_tuple()
        self._scores[place] = self.problem.score(mapping)
        self._count += 1
