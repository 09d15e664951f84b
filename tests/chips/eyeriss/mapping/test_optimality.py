"""The mapper against brute force: on small machines every legal mapping is tried and priced by the analytic model."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from support.small_problems import EYERISS, TABLES, problem, small_layer

from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.search import find_mappings
from sim.chips.goals import Bounds, Goal
from sim.errors import InputError
from sim.networks.layer import BitWidths, Padding, Shape

PROBLEMS = 200


def test_the_mapper_equals_brute_force() -> None:
    """On each of the problems, the mapper's best objective is that of the best of all legal mappings."""
    compared = priced = 0
    for seed in range(10 * PROBLEMS):
        one = problem(seed)
        legal = list(one.legal())
        arguments = (one.layer, one.folded, one.machine, one.table)
        if not legal:
            with pytest.raises(InputError):
                find_mappings(*arguments, batch=one.batch, goal=one.goal, top=1)
            continue
        if len(legal) > 500:
            continue
        best = min(one.price(mapping) for mapping in legal)
        found = find_mappings(*arguments, batch=one.batch, goal=one.goal, top=3)
        chosen = found.candidates[0].plan
        assert not violations(Case(one.folded, one.batch, one.layer.bits, chosen, one.machine))
        # Cycles and bits are whole numbers in the model's results, not in the mapper's.
        assert one.price(chosen) == pytest.approx(best, rel=1e-4), (seed, chosen)
        compared, priced = compared + 1, priced + len(legal)
        if compared == PROBLEMS:
            break
    assert compared == PROBLEMS
    assert priced > 10 * PROBLEMS


def test_candidates_come_best_first_and_differ() -> None:
    for seed in range(30):
        one = problem(seed)
        try:
            found = find_mappings(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal, top=5)
        except InputError:
            continue
        mappings = [candidate.plan for candidate in found.candidates]
        assert len(set(mappings)) == len(mappings)
        prices = [one.price(mapping) for mapping in mappings]
        assert prices == pytest.approx(sorted(prices), rel=1e-4)


def test_constraints_bind() -> None:
    layer = replace(small_layer(random.Random(1)), shape=Shape(1, 8, 6, 3, 3, 6, 6), stored_height=8, stored_width=8)
    layer = replace(layer, padding=Padding(), bits=BitWidths())
    goal = Goal(constraints=(("n", Bounds(1, 1)), ("q", Bounds(2, 2)), ("m", Bounds(3, 5))))
    (best,) = find_mappings(layer, fold(layer.shape, EYERISS), EYERISS, TABLES[0], batch=4, goal=goal, top=1).candidates
    assert (best.plan.n, best.plan.q) == (1, 2)
    assert 3 <= best.plan.m <= 5


def test_constraints_that_leave_nothing_are_named() -> None:
    layer = replace(small_layer(random.Random(1)), name="small", bits=BitWidths())
    goal = Goal(constraints=(("e", Bounds(40, 50)),))
    with pytest.raises(InputError) as error:
        find_mappings(layer, fold(layer.shape, EYERISS), EYERISS, TABLES[0], batch=1, goal=goal, top=1)
    assert str(error.value) == (
        "layer small: no legal mapping on eyeriss; without the constraints (e 40 to 50) there are some"
    )
