"""What every chip can't do unless it says so: one line each, and defaults that do without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.trials import eyeriss

from sim.chips.contract import Chip, MappingGrammar, ModelOptions, Planned
from sim.chips.goals import Candidate, Findings, Goal
from sim.chips.parts.calibration import Calibration
from sim.chips.parts.description import MachineDocument
from sim.chips.parts.requests import TraceLayout
from sim.codes.expected import FmapCode
from sim.errors import InputError
from sim.files.catalogue import find_cost_table
from sim.ledger.counts import Ledger, LedgerLevel
from sim.ledger.energy import CostTable, Spent, Timed, read_cost_table
from sim.ledger.results import LayerRun
from sim.networks.layer import Layer, LayerKind, Shape

TABLE = read_cost_table(find_cost_table("normalized-65nm"))
LAYER = Layer("l", LayerKind.CONV, Shape(G=1, M=1, C=1, R=1, S=1, E=1, F=1), 1, 1, ifmap_zeros=0.5)


class Loom(Chip[Any, Any]):
    """A chip that has nothing but what a chip must have; it notes the machines that it searches."""

    kind = "loom"
    title = "Loom"
    machine_type = MachineDocument
    models = ("cycle",)
    levels = (LedgerLevel("dram", "dram"), LedgerLevel("warp", "glb"))
    statistics = ()
    parts = ()
    mapping = MappingGrammar(("k",), example="k=1")

    def __init__(self) -> None:
        self.searched: list[tuple[Any, ...]] = []

    def model(self, name: str, machine: Any, options: ModelOptions) -> Any:
        """Refuse: nothing runs here."""
        self.check_model(name)

    def stated(self, layer: Layer, machine: Any, *, batch: int) -> Any:
        """State nothing."""

    def search(self, layer: Layer, machine: Any, table: CostTable, *, batch: int, goal: Goal, top: int) -> Any:
        """Find the machine itself."""
        self.searched.append((layer, machine, table, batch, goal, top))
        return Findings((Candidate(machine, 0, 0, 0),), 1, 1)

    def sort_by_part(self, spent: Spent) -> dict[str, float]:
        """Sort nothing."""
        return {}


LAYOUT = TraceLayout(eyeriss(), 1, 64, 60_000_000)
FITTED = Calibration((), (), 0, 0, "", "")
REFUSED: list[tuple[Callable[[Loom], object], str]] = [
    (lambda chip: chip.calibrate(()), "calibrate: Loom has no model of a calibration"),
    (lambda chip: chip.calibrated_table(FITTED), "calibrate: Loom has no model of a calibration"),
    (lambda chip: chip.streams(eyeriss()), "compress: Loom has no model of coded fmap streams"),
    (
        lambda chip: chip.memory_tracer(Planned(LAYER, None), LAYOUT, base=0, first_cycle=0, emit=print),
        "trace: Loom has no model of a trace of its DRAM link",
    ),
    (
        lambda chip: chip.with_skipping(eyeriss(), "either"),
        "--skip: Loom has no model of choosing which MACs are left out (either)",
    ),
]


@pytest.mark.parametrize(("ask", "line"), REFUSED)
def test_what_a_chip_lacks_is_refused_in_one_line(ask: Callable[[Loom], object], line: str) -> None:
    with pytest.raises(InputError) as caught:
        ask(Loom())
    assert str(caught.value) == f"{line}; choose another machine"


def test_models_and_costs_are_its_own() -> None:
    with pytest.raises(InputError) as caught:
        Loom().check_model("analytic", "estimate")
    assert str(caught.value) == "estimate: Loom has no analytic model; it has cycle"
    Loom().check_model("cycle")
    with pytest.raises(InputError) as caught:
        Loom().check_costs(TABLE, "t.yaml")
    assert str(caught.value) == (
        "t.yaml: normalized-65nm has no costs for warp, where Loom counts words; add them, or use another cost table"
    )


def test_what_nothing_is_said_of_does_without() -> None:
    chip = Loom()
    run = LayerRun(Ledger(chip.levels), 5, 8, active_pes=3, passes=1)
    assert chip.timed(run, eyeriss()) == Timed(8, eyeriss().core.clock, 3)
    assert chip.code_of(eyeriss()) is FmapCode.NONE
    assert (chip.areas_mm2(eyeriss()), chip.published, chip.needs_filters(eyeriss())) == ({}, None, False)
    assert (chip.ignored_by("cycle"), chip.extra_parameters(), list(chip.one_of_both())) == (frozenset(), {}, [])
    assert chip.resolve({"core.clock": 1}, lambda changes: eyeriss()) == {"core.clock": 1}
    with pytest.raises(KeyError):
        chip.extra_value("glb.size", eyeriss())


@pytest.mark.parametrize(("zeros", "dense"), [((0.0, 0.0), True), ((0.5, 0.0), False), ((0.0, 0.5), False)])
def test_a_zero_of_either_operand_is_one(zeros: tuple[float, float], dense: bool) -> None:
    layer = Layer("l", LayerKind.CONV, LAYER.shape, 1, 1, ifmap_zeros=zeros[0], filter_zeros=zeros[1])
    assert Loom().is_dense(layer, eyeriss()) is dense


def test_a_sweep_searches_each_machine_anew() -> None:
    chip, goal = Loom(), Goal()
    search = chip.search_for(LAYER, "first", TABLE, batch=2, goal=goal, hint=None)
    assert [search.plan(machine) for machine in ("second", "third")] == ["second", "third"]
    assert chip.searched == [(LAYER, machine, TABLE, 2, goal, 1) for machine in ("second", "third")]
