"""Capacities: they say what is legal and nothing else, so that a mapping found for some is found for others."""

from __future__ import annotations

import random
from itertools import product
from operator import attrgetter

import pytest
from support.small_problems import EYERISS, Problem, problem

from sim.chips.contract import Planned
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.kernels import mapping_bound, mapping_legality
from sim.chips.eyeriss.kernels.layer_energy import evaluate
from sim.chips.eyeriss.kernels.layer_facts import Capacities, Parameters
from sim.chips.eyeriss.kernels.loop_cuts import cut_channels, cut_filters, least_cuts
from sim.chips.eyeriss.kernels.mapping_legality import is_legal
from sim.chips.eyeriss.machine import Machine
from sim.chips.eyeriss.mapping.capacities import CapacitySearch
from sim.chips.eyeriss.mapping.facts import CAPACITY_PATHS, capacities_of, facts_of
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.legality import Case, violations
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.eyeriss.mapping.search import broken_whatever_the_mapping, find_mappings, problem_of
from sim.networks.layer import BitWidths, Layer, LayerKind, Shape
from sim.runs.runner import Runner
from sim.studies.sweeps.spec.equal_area import with_value


def is_open(seed: int) -> bool:
    """Return whether it depends on the mapping what is legal in a problem."""
    one = problem(seed)
    return not broken_whatever_the_mapping(one.layer, one.folded, one.machine, one.batch)


SEEDS = [seed for seed in range(160) if is_open(seed)]


def with_capacities(machine: Machine, rng: random.Random) -> Machine:
    """Draw other capacities for a small machine."""
    filter_spad = machine.pe.filter_spad.model_copy(update={"words": rng.choice((4, 8, 16, 24, 48))})
    return machine.model_copy(
        update={
            "pe_array": machine.pe_array.model_copy(update={"rows": rng.randint(2, 8)}),
            "pe": machine.pe.model_copy(update={"filter_spad": filter_spad}),
            "glb": machine.glb.model_copy(
                update={
                    "fmap_banks": rng.randint(2, 24),
                    "filter_banks": rng.randint(1, 3),
                    "bank_words": rng.choice((4, 8, 12, 16)),
                }
            ),
            "noc": machine.noc.model_copy(update={"row_id": rng.randint(2, 4), "col_id": rng.randint(2, 5)}),
        }
    )


def all_mappings(one: Problem, rng: random.Random) -> list[Mapping]:
    """Draw mappings of a problem, legal or not, just outside its loops too."""
    shape = one.folded.shape
    highs = (shape.M + 1, one.batch + 1, shape.E + 1, 6, min(shape.C, 8) + 1, min(shape.C, 5) + 1, 6)
    everything = list(product(*(range(1, high + 1) for high in highs)))
    return [Mapping(*values) for values in rng.sample(everything, min(200, len(everything)))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_kernel_calls_legal_what_breaks_no_rule(seed: int) -> None:
    one = problem(seed)
    mappings = all_mappings(one, random.Random(seed))
    task = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal).task
    found = [is_legal(task.facts, task.capacities, Parameters(*mapping.as_tuple())) for mapping in mappings]
    wanted = [not violations(Case(one.folded, one.batch, one.layer.bits, mapping, one.machine)) for mapping in mappings]
    assert found == wanted


@pytest.mark.parametrize("name", Parameters._fields)
def test_no_parameter_may_be_less_than_one(name: str) -> None:
    one = problem(0)
    task = problem_of(one.layer, one.folded, EYERISS, one.table, batch=one.batch, goal=one.goal).task
    smallest = Parameters(1, 1, 1, 1, 1, 1, 1)
    assert is_legal(task.facts, task.capacities, smallest)
    assert not is_legal(task.facts, task.capacities, smallest._replace(**{name: 0}))


@pytest.mark.parametrize("col_id", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 2, 8])
def test_sets_beside_each_other_need_column_tags(col_id: int, rows: int) -> None:
    """Take sets of one column on eight, where 1, 3 or 7 tags are not enough for all of a row of them."""
    machine = EYERISS.model_copy(
        update={
            "pe_array": EYERISS.pe_array.model_copy(update={"rows": rows, "columns": 8}),
            "noc": EYERISS.noc.model_copy(update={"col_id": col_id}),
        }
    )
    layer = Layer("fc", LayerKind.FC, Shape(G=1, M=40, C=2, R=2, S=2, E=1, F=1), stored_height=2, stored_width=2)
    folded = fold(layer.shape, machine)
    facts, capacities = facts_of(layer, folded, machine, 1), capacities_of(machine, layer.bits)
    mappings = [Mapping(m=40, n=1, e=1, p=1, q=1, r=1, t=t) for t in range(1, 41)]
    found = [is_legal(facts, capacities, Parameters(*mapping.as_tuple())) for mapping in mappings]
    assert found == [not violations(Case(folded, 1, layer.bits, mapping, machine)) for mapping in mappings]


def test_some_drawn_mappings_are_legal_and_some_are_not() -> None:
    verdicts = set()
    for seed in SEEDS:
        one = problem(seed)
        for mapping in all_mappings(one, random.Random(seed)):
            verdicts.add(bool(violations(Case(one.folded, one.batch, one.layer.bits, mapping, one.machine))))
    assert verdicts == {True, False}


@pytest.mark.parametrize("path", CAPACITY_PATHS)
def test_a_mapping_has_the_same_result_whatever_the_capacity(path: str) -> None:
    """Whoever makes a model look at one of them must take it off the list."""
    compared = 0
    for seed in SEEDS[:60]:
        one = problem(seed)
        roomy = with_value(one.machine, path, 1 + attrgetter(path)(one.machine))
        for mapping in sample(one, 3):
            planned = Planned(one.layer, MappedLayer(one.folded, mapping))
            runners = (
                Runner(Eyeriss(), machine, one.table, AnalyticModel(machine, one.goal.code), one.batch, 0)
                for machine in (one.machine, roomy)
            )
            here, there = (next(iter(runner.run([planned]))) for runner in runners)
            assert here.as_dict() == there.as_dict()
            compared += 1
    assert compared > 100


def sample(one: Problem, count: int) -> list[Mapping]:
    """Draw legal mappings."""
    legal = list(one.legal())
    return random.Random(len(legal)).sample(legal, min(count, len(legal)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_for_many_capacities_finds_what_a_search_for_each_finds(seed: int) -> None:
    """Also with a hint from elsewhere, in any order of capacities."""
    rng = random.Random(seed)
    one = problem(seed)
    here = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal)
    hints = [None, *sample(one, 1), Mapping(1, 1, 1, 1, 1, 1, 1)]
    searches = [CapacitySearch(here, hint) for hint in hints]
    for machine in [one.machine, *(with_capacities(one.machine, rng) for _ in range(12))]:
        alone = problem_of(one.layer, one.folded, machine, one.table, batch=one.batch, goal=one.goal)
        wanted = [candidate.plan for candidate in alone.solve(top=1, counting=True)[0]]
        for search in searches:
            found = search.best(capacities_of(machine, one.layer.bits))
            assert ([found] if found else []) == wanted


def test_what_is_known_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(problem(seed) for seed in SEEDS if list(problem(seed).legal()))
    first = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal)
    search = CapacitySearch(first)
    capacities = capacities_of(one.machine, one.layer.bits)
    found = search.best(capacities)
    monkeypatch.setattr(mapping_legality, "best_of_legal", None)  # the first thing that a search needs
    assert search.best(capacities) == found
    with pytest.raises(TypeError):
        search.best(Capacities(*(room + 1 for room in capacities)))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_bound_is_above_the_cost_of_a_mapping_that_it_covers(seed: int) -> None:
    one = problem(seed)
    search = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal)
    task = search.task
    for mapping in sample(one, 30):
        if mapping.e not in search.widths or mapping.n not in search.image_counts:
            continue
        m, n, e, p, q, r, t = sizes = Parameters(*mapping.as_tuple())
        stored = float(search.stored[list(search.widths).index(e)])
        found = evaluate(task.facts, task.transfers, task.costs, sizes, stored)
        outer = mapping_bound.outer_loops(task.facts, task.transfers, task.costs, e, n, stored)
        channel_cuts = cut_channels(task.facts, q, r)
        exact = cut_filters(task.facts, m, p, t)
        least = least_cuts(task.facts, m, min(p * t, m), p)
        for objective in range(4):
            wanted = mapping_bound.objective_of(objective, *found)
            for cuts, sets in ((exact, (t, t)), (least, (t, t)), (least, (1, t + 3))):
                bound = mapping_bound.bound(task._replace(objective=objective), outer, cuts, channel_cuts, r, sets)
                assert bound[0] <= wanted
                assert bound[1] <= found.energy


def test_capacities_are_those_of_the_published_chip() -> None:
    one = problem(0)
    there = problem_of(one.layer, one.folded, EYERISS, one.table, batch=one.batch, goal=one.goal).task.capacities
    assert there == capacities_of(EYERISS, one.layer.bits)
    assert capacities_of(EYERISS, BitWidths()) == Capacities(
        array_rows=12,
        filter_spad=224,
        row_tags=15,
        col_tags=31,
        fmap_banks=25,
        bank_bits=512 * 64,
        filter_buffer=2 * 512 * 64 // 16,
    )


def test_numbers_of_a_kind_are_of_one_type() -> None:
    """Else the kernels are compiled once more for every mixture, which takes seconds."""
    for seed in range(40):
        one = problem(seed)
        task = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal).task
        for whole in (task.facts, task.capacities, task.lows, task.highs):
            assert {type(value) for value in whole} == {int}
        for real in (task.transfers, task.costs):
            assert {type(value) for value in real} == {float}


def test_the_best_mappings_are_the_same_counted_and_uncounted() -> None:
    for seed in SEEDS[:40]:
        one = problem(seed)
        here = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal)
        counted, legal, evaluated = here.solve(top=3, counting=True)
        uncounted, fewer, same = here.solve(top=3, counting=False)
        assert (counted, evaluated) == (uncounted, same)
        assert fewer <= legal
        if counted:
            found = find_mappings(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal, top=3)
            assert (found.candidates, found.legal) == (counted, legal)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_are_those_of_all_in_the_documented_order(seed: int) -> None:
    """To the last bit, and ties to larger e, n, q, r, t, p, m: what capacities share rests on that order."""
    one = problem(seed)
    search = problem_of(one.layer, one.folded, one.machine, one.table, batch=one.batch, goal=one.goal)
    scored = []
    for mapping in one.legal():
        score = search.score(mapping)
        if score is not None:  # else a strip width or a number of images that another dominates
            m, n, e, p, q, r, t = mapping.as_tuple()
            scored.append((score, (-e, -n, -q, -r, -t, -p, -m), mapping))
    found, legal, _ = search.solve(top=3, counting=True)
    assert [candidate.plan for candidate in found] == [mapping for _, _, mapping in sorted(scored)[:3]]
    assert legal == len(scored)
