"""Eyeriss on the contract: stated mappings checked when a layer is planned, costs that it asks for, counts declared."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.small_layers import SMALL, Small, legal_mappings
from support.trials import KINDS, Random, Sections, trials

from sim.chips.contract import Job, ModelOptions
from sim.chips.eyeriss.analytic.model import AnalyticModel
from sim.chips.eyeriss.engine.chip import CycleModel
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.eyeriss.levels import LEVELS, STATISTICS, Level
from sim.chips.eyeriss.mapping.folding import fold
from sim.chips.eyeriss.mapping.plan import MappedLayer
from sim.chips.eyeriss.mapping.row_stationary import Mapping
from sim.chips.registry import chip_for, read_design
from sim.errors import InputError
from sim.files.catalogue import COST_TABLES, MACHINES, find_cost_table, find_machine, find_workload, names
from sim.ledger.counts import Direction, Ledger, Tensor, check_statistics
from sim.ledger.energy import read_cost_table
from sim.networks.layer import Layer, Shape
from sim.networks.workload import read_workload

CHIP = Eyeriss()
EYERISS = read_design(find_machine("eyeriss")).machine
CONV1 = read_workload(find_workload("alexnet_jssc2017")).layers[0]
STATED = dict(CONV1.mapping or ())


def stating(**mapping: int) -> Layer:
    """Return a layer that states a mapping."""
    return replace(CONV1, mapping=tuple(mapping.items()))


def refusal(layer: Layer) -> str:
    """Return the line with which a layer's stated mapping is refused."""
    with pytest.raises(InputError) as caught:
        CHIP.stated(layer, EYERISS, batch=4)
    return str(caught.value)


@pytest.mark.parametrize("name", names(MACHINES))
def test_the_shipped_machines_are_its_own(name: str) -> None:
    design = read_design(find_machine(name))
    assert isinstance(design.chip, Eyeriss)
    assert isinstance(chip_for(design.machine), Eyeriss)
    assert (design.machine.name, design.machine.chip) == (name, "eyeriss")


# Stated mappings


def test_a_stated_mapping_is_taken_whatever_its_order() -> None:
    plan = CHIP.stated(stating(**dict(reversed(STATED.items()))), EYERISS, batch=4)
    assert (plan.mapping, plan.as_dict()) == (Mapping(**STATED), STATED)
    assert list(plan.as_dict()) == list("mnepqrt")
    assert plan.notes == plan.folded.notes


def test_a_wrong_key_is_named_with_the_layer() -> None:
    assert refusal(stating(m=6)) == "layer CONV1: mapping: n: missing key; it is required"
    assert refusal(stating(**STATED, x=1)) == "layer CONV1: mapping: x: unknown key; allowed: m, n, e, p, q, r, t"
    assert refusal(stating(**STATED | {"q": 0})) == "layer CONV1: mapping: q: got the number 0; expected at least 1"


def test_a_mapping_that_is_not_legal_names_the_rule() -> None:
    assert refusal(stating(**STATED | {"n": 5})) == (
        "layer CONV1: mapping m=96 n=5 e=7 p=16 q=1 r=1 t=2 is not legal on eyeriss; loop_bounds: n=5; 1 to 4 here"
    )


# Costs


@pytest.mark.parametrize("name", names(COST_TABLES))
def test_the_shipped_tables_have_all_its_levels(name: str) -> None:
    CHIP.check_costs(read_cost_table(find_cost_table(name)), name)


def test_a_table_without_one_of_its_levels_is_refused_in_one_line() -> None:
    whole = read_cost_table(find_cost_table("normalized-65nm"))
    lacking = whole.model_copy(update={"gin": None, "spad": None, "name": "mine"})
    with pytest.raises(InputError) as caught:
        CHIP.check_costs(lacking, "mine.yaml")
    assert str(caught.value) == (
        "mine.yaml: mine has no costs for gin, spad, where Eyeriss counts words; add them, or use another cost table"
    )


# Statistics


def test_every_statistic_stands_once() -> None:
    entries = [(one.level, one.tensor, one.direction) for one in STATISTICS]
    assert len(set(entries)) == len(entries)
    assert {level for level, _, _ in entries} == {level.name for level in LEVELS}
    assert all(one.meaning for one in STATISTICS)
    assert [level.name for level in LEVELS] == [level.name.lower() for level in Level]


def counted(ledger: Ledger) -> set[tuple[str, Tensor, Direction]]:
    """Name the entries of a ledger that have words."""
    return {
        (level.name, tensor, way)
        for at, level in enumerate(LEVELS)
        for tensor in Tensor
        for way in Direction
        if ledger.count(at, tensor, way)
    }


DECLARED = {(one.level, one.tensor, one.direction) for one in STATISTICS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_cycle_model_counts_nothing_that_is_not_declared(kind: Callable[[Random], tuple[Shape, Sections]]) -> None:
    for trial in trials(kind)[:10]:
        assert check_statistics(LEVELS, STATISTICS, CycleModel(trial.machine).run(trial.job).ledger) == []


def test_all_that_is_declared_is_counted_by_both_models() -> None:
    """Over layers of every kind each statistic has words somewhere: none is declared for nothing."""
    cycle: set[tuple[str, Tensor, Direction]] = set()
    analytic: set[tuple[str, Tensor, Direction]] = set()
    for kind in KINDS:
        for trial in trials(kind)[:10]:
            cycle |= counted(CycleModel(trial.machine).run(trial.job).ledger)
            ledger = AnalyticModel(trial.machine).run(trial.job).ledger
            assert check_statistics(LEVELS, STATISTICS, ledger) == []
            analytic |= counted(ledger)
    assert cycle == analytic == DECLARED


@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.name)
def test_the_analytic_model_counts_nothing_that_is_not_declared(small: Small) -> None:
    folded = fold(small.layer.shape, small.machine)
    for mapping in random.Random(small.name).sample(legal_mappings(small), k=min(20, len(legal_mappings(small)))):
        run = AnalyticModel(small.machine).run(Job(small.layer, MappedLayer(folded, mapping), small.batch))
        assert check_statistics(LEVELS, STATISTICS, run.ledger) == []


# Models


def test_another_model_is_refused_with_those_that_there_are() -> None:
    assert [CHIP.model(name, EYERISS, ModelOptions()).name for name in CHIP.models] == ["cycle", "analytic"]
    with pytest.raises(InputError) as caught:
        CHIP.model("magic", EYERISS, ModelOptions())
    assert str(caught.value) == "--model: Eyeriss has no magic model; it has cycle, analytic"
