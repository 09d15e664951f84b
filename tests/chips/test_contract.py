"""What every chip must keep, whatever it is made of. A new chip is one more entry of CHIPS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.paths import DATA
from support.stub_chip import Stub

from sim.chips.contract import AnyChip, Job, ModelOptions, Planned
from sim.chips.eyeriss.eyeriss import Eyeriss
from sim.chips.goals import Bounds, Goal, Objective
from sim.chips.registry import read_design
from sim.errors import InputError
from sim.files.catalogue import find_cost_table, find_machine
from sim.files.schema import read_document
from sim.ledger.counts import check_statistics
from sim.ledger.energy import Timed, energy_of, read_cost_table
from sim.ledger.results import LayerRun
from sim.networks.layer import Layer, LayerKind, Shape
from sim.runs.runner import with_drawn_tensors

CHIPS: dict[str, tuple[AnyChip, Path]] = {
    "eyeriss": (Eyeriss(), find_machine("eyeriss")),
    "stub": (Stub(), DATA / "machines" / "stub.yaml"),
}
BATCH = 2
LAYERS = {
    "conv": Layer("conv", LayerKind.CONV, Shape(1, 8, 6, 3, 3, 7, 7), 9, 9, ifmap_zeros=0.4, ofmap_zeros=0.5),
    "grouped": Layer("grouped", LayerKind.CONV, Shape(2, 4, 3, 3, 3, 5, 5), 7, 7, filter_zeros=0.2),
    "pointwise": Layer("pointwise", LayerKind.CONV, Shape(1, 12, 10, 1, 1, 6, 6), 6, 6),
    "fc": Layer("fc", LayerKind.FC, Shape(1, 10, 4, 3, 3, 1, 1), 3, 3, relu=False),
}
TABLE = read_cost_table(find_cost_table("normalized-65nm"))

pytestmark = pytest.mark.parametrize("kind", CHIPS)


def machine_of(kind: str) -> Any:
    """Read a chip's machine."""
    return read_document(CHIPS[kind][1], CHIPS[kind][0].machine_type)


def best(kind: str, layer: Layer, goal: Goal | None = None, top: int = 4) -> Any:
    """Search a layer."""
    chip = CHIPS[kind][0]
    return chip.search(layer, machine_of(kind), TABLE, batch=BATCH, goal=goal or Goal(), top=top)


def runs(kind: str, layer: Layer) -> Iterator[tuple[str, LayerRun]]:
    """Run a layer's best plan on every model, tensors drawn where they are needed."""
    chip, machine = CHIPS[kind][0], machine_of(kind)
    plan = best(kind, layer).candidates[0].plan
    for name in chip.models:
        model = chip.model(name, machine, ModelOptions())
        job = with_drawn_tensors(Job(layer, plan, BATCH), seed=3, needs=model.needs)
        yield name, model.run(job)


def test_its_file_leads_to_it(kind: str) -> None:
    chip, path = CHIPS[kind]
    if kind == "stub":  # which only an entry point makes known
        assert read_document(path, chip.machine_type).chip == chip.kind
    else:
        assert type(read_design(path).chip) is type(chip)
    assert chip.kind == kind
    assert chip.title


def test_names_are_declared_once(kind: str) -> None:
    chip = CHIPS[kind][0]
    levels = [level.name for level in chip.levels]
    parts = [part.name for part in chip.parts]
    assert len(set(levels)) == len(levels)
    assert len(set(parts)) == len(parts)
    assert {one.level for one in chip.statistics} <= set(levels)
    assert all(one.meaning for one in chip.statistics)
    assert any(level.group == "dram" for level in chip.levels)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_plans_are_best_first_and_written_in_the_grammar(kind: str, layer: Layer) -> None:
    chip, found = CHIPS[kind][0], best(kind, layer)
    energies = [one.energy for one in found.candidates]
    assert energies == sorted(energies)
    assert len(found.candidates) == min(4, found.legal)
    for one in found.candidates:
        assert tuple(one.plan.as_dict()) == chip.mapping.parameters
        assert hash(one.plan) == hash(one.plan)


@pytest.mark.parametrize("objective", list(Objective))
def test_objectives_are_what_they_say(kind: str, objective: Objective) -> None:
    scores = [one.score(objective) for one in best(kind, LAYERS["conv"], Goal(objective)).candidates]
    others = best(kind, LAYERS["conv"], Goal(), top=50).candidates
    assert scores == sorted(scores)
    assert scores[0] <= min(one.score(objective) for one in others)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_plan_can_be_stated(kind: str, layer: Layer) -> None:
    chip, plan = CHIPS[kind][0], best(kind, layer).candidates[0].plan
    stated = Layer(**{**_fields(layer), "mapping": tuple(plan.as_dict().items())})
    assert chip.stated(stated, machine_of(kind), batch=BATCH) == plan


def _fields(layer: Layer) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in Layer.__slots__}


def test_a_constraint_binds(kind: str) -> None:
    name = CHIPS[kind][0].mapping.parameters[0]
    free = best(kind, LAYERS["conv"]).candidates[0].plan.as_dict()[name]
    most = max(1, free // 2)
    held = best(kind, LAYERS["conv"], Goal(constraints=((name, Bounds(1, most)),)))
    assert all(one.plan.as_dict()[name] <= most for one in held.candidates)


def test_a_wrong_mapping_is_refused_in_a_line(kind: str) -> None:
    chip = CHIPS[kind][0]
    wrong = Layer(**{**_fields(LAYERS["conv"]), "mapping": (("none", 1),)})
    with pytest.raises(InputError) as caught:
        chip.stated(wrong, machine_of(kind), batch=BATCH)
    assert str(caught.value).startswith("layer conv: mapping: none: unknown key")


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_every_count_is_declared(kind: str, layer: Layer) -> None:
    chip = CHIPS[kind][0]
    for _, run in runs(kind, layer):
        assert run.ledger.levels == chip.levels
        assert check_statistics(chip.levels, chip.statistics, run.ledger) == []
        assert run.ledger.macs == BATCH * layer.shape.macs
        assert 0 <= run.ledger.macs_performed <= run.ledger.macs
        assert 0 < run.processing_cycles <= run.total_cycles


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_what_must_cross_dram_does(kind: str, layer: Layer) -> None:
    """Every weight once at least, every ofmap value just once."""
    for _, run in runs(kind, layer):
        dram = {one.name: at for at, one in enumerate(run.ledger.levels) if one.group == "dram"}
        words = sum(run.ledger.words[at] for at in dram.values())
        assert words[1, 0] >= layer.shape.weights
        assert words[3, 1] == BATCH * layer.shape.G * layer.shape.M * layer.shape.E * layer.shape.F


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_energies_add_up(kind: str, layer: Layer) -> None:
    chip, machine = CHIPS[kind][0], machine_of(kind)
    for _, run in runs(kind, layer):
        timed = chip.timed(run, machine)
        assert timed == Timed(run.total_cycles, machine.core.clock, run.active_pes)
        energy = energy_of(run.ledger, TABLE, bits=layer.bits, timed=timed, sort_by_part=chip.sort_by_part)
        assert list(energy.by_component) == [part.name for part in chip.parts]
        assert sum(energy.by_component.values()) == pytest.approx(energy.chip)
        assert sum(energy.by_level.values()) == pytest.approx(energy.system)


def test_a_run_is_repeatable(kind: str) -> None:
    first, again = (
        [(name, run.total_cycles, run.ledger.words.tolist()) for name, run in runs(kind, LAYERS["conv"])]
        for _ in range(2)
    )
    assert first == again


def test_a_search_for_many_machines_finds_what_a_search_for_one_does(kind: str) -> None:
    chip, machine, layer = CHIPS[kind][0], machine_of(kind), LAYERS["conv"]
    search = chip.search_for(layer, machine, TABLE, batch=BATCH, goal=Goal(), hint=None)
    assert search.plan(machine) == best(kind, layer).candidates[0].plan


def test_it_says_no_in_a_line(kind: str) -> None:
    chip = CHIPS[kind][0]
    with pytest.raises(InputError, match=rf"^--model: {chip.title} has no none model; it has "):
        chip.model("none", machine_of(kind), ModelOptions())


def test_areas_are_positive(kind: str) -> None:
    assert all(area > 0 for area in CHIPS[kind][0].areas_mm2(machine_of(kind)).values())


def test_planned_layers_are_plain_data(kind: str) -> None:
    plan = best(kind, LAYERS["fc"]).candidates[0].plan
    assert Planned(LAYERS["fc"], plan) == Planned(LAYERS["fc"], plan)
